import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Provider } from 'oidc-provider';
import type { EntityManager } from 'typeorm';

/**
 * What is stored in place of a client secret: a digest under a key that the database holds sealed only, so that a copy of
 * the table lets nobody guess. A slow hash would cost more than the token that it guards (docs/decisions/0028).
 */
export function clientSecretDigest(key: Buffer, oauthClientId: string, secret: string): string {
  return createHmac('sha256', key).update(`${oauthClientId}\0${secret}`).digest('base64url');
}

/** A new secret of 256 bits, in characters that no encoding changes. */
export function makeClientSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Long enough not to be guessed, and of characters that every way to authenticate can carry. */
export function isClientSecret(secret: string): boolean {
  return /^[\x21-\x7e]{32,256}$/.test(secret);
}

const separator = '.';

/** The digests of a client's secrets that are good now, as the provider holds them for its `client_secret`. */
export async function findSecretDigests(manager: EntityManager, oauthClientId: string): Promise<string> {
  const rows = await manager.query<{ digest: string }[]>(
    `SELECT digest FROM auth.client_secret
     WHERE oauth_client_id = $1 AND (expires_at IS NULL OR expires_at > clock_timestamp()) ORDER BY digest`,
    [oauthClientId],
  );
  return rows.map(({ digest }) => digest).join(separator);
}

/** Makes the provider compare presented secrets with digests. */
export function compareSecretDigests(provider: Provider, key: Buffer): void {
  provider.Client.prototype.compareClientSecret = function compare(presented: string): boolean {
    const digest = Buffer.from(clientSecretDigest(key, this.clientId, presented));
    const good = (this.clientSecret ?? '').split(separator).map((text) => Buffer.from(text));
    // Every one is looked at, whichever it is.
    return good.filter((known) => known.length === digest.length && timingSafeEqual(known, digest)).length > 0;
  };
}
