import { StartError } from '@gatehouse/runtime';
import type { EntityManager } from 'typeorm';
import { lockAccount } from '../accounts/lock-account.ts';
import { defaultTenant } from '../config.ts';
import { withdrawConsents } from '../interactions/consents.ts';
import { revoke, revokeGrants } from '../revocation/revoke.ts';
import { UsageError } from './command.ts';
import type { Command, CommandContext, CommandInput, CommandOutput } from './command.ts';
import { requireAccount } from './named-account.ts';
import { renderTable } from './table.ts';

/** What an operator sees of a grant. */
interface ListedGrant {
  id: string;
  account: string | null;
  accountId: string | null;
  client: string;
  /** Resource to its scopes. */
  resources: Record<string, string>;
  since: Date;
  /** When a token of it was last issued, to the minute. */
  lastUsed: Date | null;
  expires: Date;
}

const reason = 'revoked_by_operator';

/** What accounts granted to clients; all tokens belong to a grant and end with it. */
export const grantCommands: Command[] = [
  {
    name: 'grants list',
    summary: 'Show the living grants, the newest last',
    isList: true,
    options: {
      account: { value: '<e-mail or id>', description: 'grants of this account' },
      client: { value: '<client id>', description: 'grants of this client' },
      limit: { value: '<number>', description: 'most grants, the newest ones; 1000 unless said' },
    },
    run: async ({ dataSource }, input) => {
      const grants = await listGrants(dataSource.manager, input);
      const lines = renderTable(grants, {
        grant: ({ id }) => id,
        account: ({ account, accountId }) => account ?? accountId,
        client: ({ client }) => client,
        scopes: ({ resources }) => Object.values(resources),
        since: ({ since }) => since,
        'last used': ({ lastUsed }) => lastUsed,
      });
      return { lines, records: grants };
    },
  },
  {
    name: 'grants revoke',
    summary:
      'End a grant, or all grants of an account or of a client, with every token; the client is asked about again',
    operands: ['<grant id>?'],
    options: {
      account: { value: '<e-mail or id>', description: 'all grants of this account' },
      client: { value: '<client id>', description: 'all grants of this client; with --account those of both' },
    },
    run: revokeNamed,
  },
];

async function listGrants(manager: EntityManager, input: CommandInput): Promise<ListedGrant[]> {
  const email = input.text('account');
  const account = email === undefined ? undefined : await requireAccount(manager, email);
  return manager.query<ListedGrant[]>(
    `SELECT * FROM (
       SELECT given.id, account.email AS account, given.account_id AS "accountId", given.oauth_client_id AS client,
              coalesce(given.payload->'resources', '{}') AS resources, given.created_at AS since,
              given.last_used_at AS "lastUsed",
              given.expires_at AS expires
       FROM auth.oauth_grant AS given
       LEFT JOIN auth.account ON account.tenant_id = given.tenant_id AND account.sub = given.account_id
       WHERE given.tenant_id = $1 AND given.ended_at IS NULL AND given.expires_at > now()
         AND ($2::text IS NULL OR given.account_id = $2) AND ($3::text IS NULL OR given.oauth_client_id = $3)
       ORDER BY given.created_at DESC, given.id LIMIT $4
     ) AS newest ORDER BY since, id`,
    [
      defaultTenant,
      account?.sub ?? null,
      input.text('client') ?? null,
      input.wholeNumber('limit', { min: 1, max: 100_000 }) ?? 1_000,
    ],
  );
}

async function revokeNamed({ dataSource }: CommandContext, input: CommandInput): Promise<CommandOutput> {
  const [id, email, oauthClientId] = [input.operand(0), input.text('account'), input.text('client')];
  if ((id === '') === (email === undefined && oauthClientId === undefined)) {
    throw new UsageError('say either a grant id, or --account, --client or both');
  }
  const ended = await dataSource.transaction(async (manager) => {
    if (id !== '') return revokeOne(manager, id);
    const account = email === undefined ? undefined : await requireAccount(manager, email);
    return revokeAllOf(manager, account?.sub, oauthClientId);
  });
  if (id !== '' && ended === 0) throw new StartError(`There is no living grant ${id}: \`grants list\` shows them.`);
  return {
    lines: [`${ended} ${ended === 1 ? 'grant' : 'grants'} ended; every gateway refuses the tokens within a second.`],
  };
}

async function revokeOne(manager: EntityManager, id: string): Promise<number> {
  const [given] = await manager.query<{ sub: string | null; oauthClientId: string }[]>(
    `SELECT account_id AS sub, oauth_client_id AS "oauthClientId" FROM auth.oauth_grant WHERE tenant_id = $1 AND id = $2`,
    [defaultTenant, id],
  );
  if (!given) return 0;
  const { sub, oauthClientId } = given;
  if (sub !== null) await lockAccount(manager, sub);
  const ended = await revokeEach(manager, [id]);
  if (ended > 0 && sub !== null) await withdraw(manager, { sub, oauthClientId });
  return ended;
}

/** With the consents: a signed-in browser would give the client another grant, and nobody would see a page. */
async function revokeAllOf(
  manager: EntityManager,
  sub: string | undefined,
  oauthClientId: string | undefined,
): Promise<number> {
  if (sub !== undefined) await lockAccount(manager, sub);
  else await lockConsenting(manager, oauthClientId ?? '');
  const grants = await livingGrants(manager, sub, oauthClientId);
  if (sub !== undefined && oauthClientId !== undefined) await revokeEach(manager, grants);
  // By its name as well, which hits what no row tells of.
  else if (sub !== undefined) await revoke(manager, { kind: 'account', id: sub, tenant: defaultTenant, reason });
  else await revoke(manager, { kind: 'client', id: oauthClientId ?? '', tenant: defaultTenant, reason });
  await withdraw(manager, { sub, oauthClientId });
  return grants.length;
}

/** Holds the accounts that let this client in: what they authorize just now comes before this, or sees it. */
async function lockConsenting(manager: EntityManager, oauthClientId: string): Promise<void> {
  await manager.query(
    `SELECT 1 FROM auth.account WHERE sub IN (SELECT sub FROM auth.consent WHERE tenant_id = $1 AND oauth_client_id = $2)
     ORDER BY sub FOR NO KEY UPDATE`,
    [defaultTenant, oauthClientId],
  );
}

async function withdraw(
  manager: EntityManager,
  { sub, oauthClientId }: { sub: string | undefined; oauthClientId: string | undefined },
): Promise<void> {
  const by = { reason };
  if (sub === undefined) {
    return await withdrawConsents(manager, { tenantId: defaultTenant, oauthClientId: oauthClientId ?? '' }, by);
  }
  const whose = { tenantId: defaultTenant, sub, ...(oauthClientId === undefined ? {} : { oauthClientId }) };
  await withdrawConsents(manager, whose, { ...by, onBehalfOf: sub });
}

async function revokeEach(manager: EntityManager, ids: string[]): Promise<number> {
  return await revokeGrants(manager, { ids, tenant: defaultTenant, reason });
}

async function livingGrants(
  manager: EntityManager,
  sub: string | undefined,
  oauthClientId: string | undefined,
): Promise<string[]> {
  const rows = await manager.query<{ id: string }[]>(
    `SELECT id FROM auth.oauth_grant
     WHERE tenant_id = $1 AND ended_at IS NULL AND expires_at > now()
       AND ($2::text IS NULL OR account_id = $2) AND ($3::text IS NULL OR oauth_client_id = $3) ORDER BY id`,
    [defaultTenant, sub ?? null, oauthClientId ?? null],
  );
  return rows.map(({ id }) => id);
}
