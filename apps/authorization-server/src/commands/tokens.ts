import { StartError } from '@gatehouse/runtime';
import { decodeJwt } from 'jose';
import type { EntityManager } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { revoke } from '../revocation/revoke.ts';
import { bearerId } from '../storage/stored-id.ts';
import type { Command } from './command.ts';

const reason = 'revoked_by_operator';

/** Tokens themselves, which nobody lists: they are found in logs and tickets. */
export const tokenCommands: Command[] = [
  {
    name: 'tokens revoke',
    summary: 'End a token that was found somewhere: an access token alone, a refresh token with its grant',
    run: async ({ dataSource, readSecret }) => {
      const token = (await readSecret('Token')).trim();
      return { lines: [await dataSource.transaction((manager) => revokeToken(manager, token))] };
    },
  },
];

async function revokeToken(manager: EntityManager, token: string): Promise<string> {
  const { jti, exp, gid } = claimsOf(token);
  const [found] = await manager.query<{ grantId: string; sub: string | null }[]>(
    `SELECT given.id AS "grantId", given.account_id AS sub FROM auth.oauth_grant AS given
     WHERE given.tenant_id = $1 AND (given.id = $2 OR given.id = (SELECT grant_id FROM auth.refresh_token WHERE id = $3))`,
    [defaultTenant, gid ?? null, bearerId(token)],
  );
  if (!found) throw new StartError('This is no token of this server, or its grant is long over.');
  const by = found.sub === null ? {} : { onBehalfOf: found.sub };
  const { grantId } = found;
  if (jti === undefined || exp === undefined) {
    const isEnded = await revoke(manager, { kind: 'grant', id: grantId, tenant: defaultTenant, reason, by });
    return `The grant ${grantId} ${isEnded ? 'ends with its refresh token' : 'had ended before'}.`;
  }
  if (exp * 1_000 < Date.now()) return `The access token ${jti} had expired before; its grant is ${grantId}.`;
  await revoke(manager, { kind: 'token', id: jti, expiresAt: exp, tenant: defaultTenant, reason, by });
  return `The access token ${jti} is revoked; its grant ${grantId} goes on.`;
}

/** What an access token says of itself. Whoever may revoke all tokens need not prove that this one is genuine. */
function claimsOf(token: string): { jti?: string; exp?: number; gid?: string } {
  try {
    const { jti, exp, gid } = decodeJwt<{ gid?: string }>(token);
    return {
      ...(jti === undefined ? {} : { jti }),
      ...(exp === undefined ? {} : { exp }),
      ...(typeof gid === 'string' ? { gid } : {}),
    };
  } catch {
    return {};
  }
}
