import { errors, Provider } from 'oidc-provider';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { DataSource, EntityManager } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { isStorableId } from '../storage/stored-id.ts';
import { readWithManager, withManager } from '../storage/unit-of-work.ts';
import { findSecretDigests } from './client-secret.ts';
import { deleteClient } from './delete-client.ts';
import { findDocumentClient } from './documents/find-document.ts';

/** Stores the provider's `Client` in `oauth_client`; one that is not there may be described by a metadata document. */
export class ClientAdapter implements Adapter {
  readonly #dataSource: DataSource;
  readonly #hasDocuments: boolean;

  constructor(dataSource: DataSource, hasDocuments: boolean) {
    this.#dataSource = dataSource;
    this.#hasDocuments = hasDocuments;
  }

  async upsert(id: string, metadata: AdapterPayload): Promise<void> {
    if (Provider.ctx?.method === 'PUT') return this.#update(id, metadata);
    await withManager(this.#dataSource, (manager) =>
      manager.query(`INSERT INTO auth.oauth_client (id, tenant_id, metadata) VALUES ($1, $2, $3)`, [
        id,
        defaultTenant,
        JSON.stringify(metadata),
      ]),
    );
  }

  /** RFC 7592 §2.2: a client that was deleted meanwhile does not come back; its token is no longer good. */
  async #update(id: string, metadata: AdapterPayload): Promise<void> {
    const [updated] = await withManager(this.#dataSource, (manager) =>
      manager.query<[unknown[], number]>(
        `UPDATE auth.oauth_client SET metadata = $2 WHERE id = $1 AND registration = 'dynamic' RETURNING id`,
        [id, JSON.stringify(metadata)],
      ),
    );
    if (updated.length === 0) throw new errors.InvalidToken('there is no such client');
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return await readWithManager(this.#dataSource, async (manager) => {
      const registered = isStorableId(id) ? await findRegistered(manager, id) : undefined;
      return registered ?? (this.#hasDocuments ? await findDocumentClient(manager, id) : undefined);
    });
  }

  async destroy(id: string): Promise<void> {
    await withManager(this.#dataSource, (manager) => deleteClient(manager, id, { reason: 'client_deleted' }));
  }

  async findByUid(): Promise<undefined> {
    return undefined;
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  async consume(): Promise<void> {
    throw new Error('A client is never consumed.');
  }

  async revokeByGrantId(): Promise<void> {
    throw new Error('A client belongs to no grant.');
  }
}

/** A client with a secret comes with what the provider compares it with (`compareSecretDigests`). */
async function findRegistered(manager: EntityManager, id: string): Promise<AdapterPayload | undefined> {
  // ID tokens are signed as this server is set to now, not as it was when the client was stored.
  const [registered] = await manager.query<{ metadata: AdapterPayload }[]>(
    `SELECT metadata - 'id_token_signed_response_alg' AS metadata FROM auth.oauth_client WHERE id = $1`,
    [id],
  );
  const method = registered?.metadata['token_endpoint_auth_method'];
  if (!registered || typeof method !== 'string' || !method.startsWith('client_secret_')) return registered?.metadata;
  return { ...registered.metadata, client_secret: await findSecretDigests(manager, id) };
}
