import type { EntityManager } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { checkSecret } from './client-definition.ts';
import type { ClientDefinition } from './client-definition.ts';
import { clientSecretDigest, makeClientSecret } from './client-secret.ts';

/** True for a client that authenticates with a secret. */
export function needsSecret({ authentication }: ClientDefinition): boolean {
  return authentication.method === 'client_secret_basic' || authentication.method === 'client_secret_post';
}

/** The secrets of pre-registered clients, in the transaction of the `manager` that every method is given. */
export class ClientSecrets {
  readonly #key: Buffer;

  /** @param key under which secrets are digested (`ServerSecrets.clientSecretKey`). */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /**
   * Sees to it that a client has a secret when it needs one, the given one if one is given, and none otherwise.
   * @returns whether that changed anything, and the secret if one was made.
   * @throws ClientDefinitionError for a secret that could be guessed.
   */
  async settle(
    manager: EntityManager,
    oauthClientId: string,
    definition: ClientDefinition,
  ): Promise<{ isChanged: boolean; told: { secret?: string } }> {
    if (!needsSecret(definition)) return { isChanged: await this.#drop(manager, oauthClientId), told: {} };
    const { secret } = definition.authentication as { secret?: string };
    const [present] = await manager.query<{ digest: string }[]>(
      'SELECT digest FROM auth.client_secret WHERE oauth_client_id = $1 AND expires_at IS NULL',
      [oauthClientId],
    );
    const isKept =
      secret === undefined ? present !== undefined : present?.digest === this.#digest(oauthClientId, secret);
    if (isKept) return { isChanged: false, told: {} };
    const used = secret ?? makeClientSecret();
    await this.use(manager, oauthClientId, used, 0);
    return { isChanged: true, told: secret === undefined ? { secret: used } : {} };
  }

  /**
   * Makes this the present secret; the one before stays good for `overlapSeconds`, and with 0 none does.
   * @throws ClientDefinitionError for a secret that could be guessed.
   */
  async use(manager: EntityManager, oauthClientId: string, secret: string, overlapSeconds: number): Promise<void> {
    checkSecret(secret);
    await manager.query(
      `UPDATE auth.client_secret SET expires_at = clock_timestamp() + make_interval(secs => $2::double precision)
       WHERE oauth_client_id = $1 AND (expires_at IS NULL OR $2::double precision = 0)`,
      [oauthClientId, overlapSeconds],
    );
    await manager.query(
      `INSERT INTO auth.client_secret (oauth_client_id, digest, tenant_id) VALUES ($1, $2, $3)
       ON CONFLICT (oauth_client_id, digest) DO UPDATE SET expires_at = NULL`,
      [oauthClientId, this.#digest(oauthClientId, secret), defaultTenant],
    );
  }

  /** True when this is one of the client's secrets that are good now. */
  async has(manager: EntityManager, oauthClientId: string, secret: string): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `SELECT FROM auth.client_secret WHERE oauth_client_id = $1 AND digest = $2
         AND (expires_at IS NULL OR expires_at > clock_timestamp())`,
      [oauthClientId, this.#digest(oauthClientId, secret)],
    );
    return rows.length > 0;
  }

  async #drop(manager: EntityManager, oauthClientId: string): Promise<boolean> {
    const [, dropped] = await manager.query<[unknown[], number]>(
      'DELETE FROM auth.client_secret WHERE oauth_client_id = $1',
      [oauthClientId],
    );
    return dropped > 0;
  }

  #digest(oauthClientId: string, secret: string): string {
    return clientSecretDigest(this.#key, oauthClientId, secret);
  }
}
