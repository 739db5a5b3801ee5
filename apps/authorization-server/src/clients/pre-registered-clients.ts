import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { defaultTenant } from '../config.ts';
import type { ServerSecrets } from '../keys/server-secrets.ts';
import { checkClientId, ClientDefinitionError, definitionOf, metadataOf } from './client-definition.ts';
import type { ClientDefinition } from './client-definition.ts';
import { makeClientSecret } from './client-secret.ts';
import { ClientSecrets, needsSecret } from './client-secrets.ts';
import { deleteClient } from './delete-client.ts';

/** A registered client as operators see it. */
export interface RegisteredClient {
  oauthClientId: string;
  /** Who registered it: an operator beforehand, or the client itself. */
  registration: 'pre-registered' | 'dynamic';
  /** Without its secret, which is not known any more. */
  definition: ClientDefinition;
  createdAt: Date;
  /** When it last obtained a token, to the hour. */
  lastUsedAt: Date | null;
}

/** What became of a definition; `secret` is there when one was made, and never told again. */
export interface AppliedClient {
  oauthClientId: string;
  outcome: 'created' | 'updated' | 'unchanged';
  secret?: string;
}

/** How long an exchanged secret stays good beside the new one, unless said. */
const defaultOverlapSeconds = 24 * 60 * 60;

/**
 * The clients that an operator registers beforehand (MCP 2026-07-28 Client Registration §Pre-registration). Every method
 * is part of the transaction of the `manager` that it is given, with its audit rows, whose actor is that of the present
 * request or command (`runRequest`). Running servers see a change at the client's next request.
 */
export class PreRegisteredClients {
  readonly #secrets: ClientSecrets;

  constructor(secrets: Pick<ServerSecrets, 'clientSecretKey'>) {
    this.#secrets = new ClientSecrets(secrets.clientSecretKey);
  }

  /**
   * Registers a client, under a made-up id unless one is given.
   * @throws ClientDefinitionError, also when the id is taken.
   */
  async create(
    manager: EntityManager,
    definition: ClientDefinition,
    oauthClientId: string = randomUUID(),
  ): Promise<AppliedClient> {
    checkClientId(oauthClientId);
    if (await this.#lock(manager, oauthClientId)) {
      throw new ClientDefinitionError(`There is a client ${oauthClientId} already.`);
    }
    return await this.#insert(manager, oauthClientId, definition);
  }

  /**
   * Makes a client be as the definition says, whether it exists or not; doing it again changes and writes nothing. A
   * given secret that differs from the present one replaces it at once.
   * @throws ClientDefinitionError, also when the id is of a client that registered itself.
   */
  async apply(manager: EntityManager, oauthClientId: string, definition: ClientDefinition): Promise<AppliedClient> {
    checkClientId(oauthClientId);
    const present = await this.#lock(manager, oauthClientId);
    if (!present) return await this.#insert(manager, oauthClientId, definition);
    return await this.#replace(manager, present, definition);
  }

  /**
   * Changes what is named and keeps the rest.
   * @throws ClientDefinitionError, also when there is no such pre-registered client.
   */
  async update(
    manager: EntityManager,
    oauthClientId: string,
    changes: Partial<ClientDefinition>,
  ): Promise<AppliedClient> {
    const present = await this.#need(manager, oauthClientId);
    return await this.#replace(manager, present, { ...present.definition, ...changes });
  }

  /**
   * Exchanges the secret: for the given one, or for one that is made and returned. The present one stays good for
   * `overlapSeconds` (a day), 0 ends it at once.
   * @throws ClientDefinitionError, also when the client has no secret to exchange.
   */
  async rotateSecret(
    manager: EntityManager,
    oauthClientId: string,
    options: { secret?: string; overlapSeconds?: number } = {},
  ): Promise<{ secret: string }> {
    const { definition } = await this.#need(manager, oauthClientId);
    if (!needsSecret(definition)) throw new ClientDefinitionError(`The client ${oauthClientId} has no secret.`);
    const { secret = makeClientSecret(), overlapSeconds = defaultOverlapSeconds } = options;
    await this.#secrets.use(manager, oauthClientId, secret, overlapSeconds);
    await record(manager, 'client.secret_rotated', oauthClientId, { overlapSeconds });
    return { secret };
  }

  /**
   * Deletes a client, however it was registered, and ends its grants.
   * @returns false when there is none.
   */
  async delete(manager: EntityManager, oauthClientId: string): Promise<boolean> {
    const present = await this.find(manager, oauthClientId);
    if (!present || !(await deleteClient(manager, oauthClientId, { reason: 'client_deleted' }))) return false;
    await record(manager, 'client.deleted', oauthClientId, detailsOf(present));
    return true;
  }

  async find(manager: EntityManager, oauthClientId: string): Promise<RegisteredClient | undefined> {
    const [row] = await manager.query<ClientRow[]>(`${selectClients} WHERE id = $1`, [oauthClientId]);
    return row && readRow(row);
  }

  /** The clients of one kind of registration, by id. */
  async list(
    manager: EntityManager,
    registration: RegisteredClient['registration'] = 'pre-registered',
  ): Promise<RegisteredClient[]> {
    const rows = await manager.query<ClientRow[]>(`${selectClients} WHERE registration = $1 ORDER BY id`, [
      registration,
    ]);
    return rows.map(readRow);
  }

  /** True when this is one of the client's secrets that are good now. */
  async hasSecret(manager: EntityManager, oauthClientId: string, secret: string): Promise<boolean> {
    return await this.#secrets.has(manager, oauthClientId, secret);
  }

  async #lock(manager: EntityManager, oauthClientId: string): Promise<RegisteredClient | undefined> {
    const [row] = await manager.query<ClientRow[]>(`${selectClients} WHERE id = $1 FOR UPDATE`, [oauthClientId]);
    return row && readRow(row);
  }

  async #need(manager: EntityManager, oauthClientId: string): Promise<RegisteredClient> {
    const present = await this.#lock(manager, oauthClientId);
    if (present?.registration === 'pre-registered') return present;
    throw new ClientDefinitionError(`There is no pre-registered client ${oauthClientId}.`);
  }

  async #insert(manager: EntityManager, oauthClientId: string, definition: ClientDefinition): Promise<AppliedClient> {
    const metadata = metadataOf(oauthClientId, definition);
    const inserted = await manager.query<unknown[]>(
      `INSERT INTO auth.oauth_client (id, tenant_id, registration, metadata) VALUES ($1, $2, 'pre-registered', $3)
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [oauthClientId, defaultTenant, JSON.stringify(metadata)],
    );
    if (inserted.length === 0) throw new ClientDefinitionError(`There is a client ${oauthClientId} already.`);
    const { told } = await this.#secrets.settle(manager, oauthClientId, definition);
    const details = { ...detailsOf({ definition }), registration: 'pre-registered' };
    await record(manager, 'client.registered', oauthClientId, details);
    return { oauthClientId, outcome: 'created', ...told };
  }

  async #replace(
    manager: EntityManager,
    present: RegisteredClient,
    definition: ClientDefinition,
  ): Promise<AppliedClient> {
    const { oauthClientId } = present;
    if (present.registration !== 'pre-registered') {
      throw new ClientDefinitionError(
        `The client ${oauthClientId} registered itself; it is not an operator's to change.`,
      );
    }
    const metadata = metadataOf(oauthClientId, definition);
    const isOther = !isDeepStrictEqual(
      JSON.parse(JSON.stringify(metadata)),
      metadataOf(oauthClientId, present.definition),
    );
    if (isOther) {
      await manager.query('UPDATE auth.oauth_client SET metadata = $2 WHERE id = $1', [
        oauthClientId,
        JSON.stringify(metadata),
      ]);
    }
    const settled = await this.#secrets.settle(manager, oauthClientId, definition);
    if (!isOther && !settled.isChanged) return { oauthClientId, outcome: 'unchanged' };
    const details = { ...detailsOf({ definition }), secretChanged: settled.isChanged, previous: detailsOf(present) };
    await record(manager, 'client.updated', oauthClientId, details);
    return { oauthClientId, outcome: 'updated', ...settled.told };
  }
}

interface ClientRow {
  id: string;
  registration: RegisteredClient['registration'];
  metadata: Record<string, unknown>;
  created_at: Date;
  last_used_at: Date | null;
}

const selectClients = 'SELECT id, registration, metadata, created_at, last_used_at FROM auth.oauth_client';

function readRow({ id, registration, metadata, created_at: createdAt, last_used_at: lastUsedAt }: ClientRow) {
  return { oauthClientId: id, registration, definition: definitionOf(metadata), createdAt, lastUsedAt };
}

/** What the audit log keeps of a definition. */
function detailsOf({ definition }: { definition: ClientDefinition }): Record<string, unknown> {
  const { clientName, redirectUris, authentication } = definition;
  return { clientName, redirectUris, authenticationMethod: authentication.method };
}

async function record(
  manager: EntityManager,
  type: string,
  oauthClientId: string,
  details: Record<string, unknown>,
): Promise<void> {
  await recordAudit(manager, { type, tenantId: defaultTenant, outcome: 'success', oauthClientId, details });
}
