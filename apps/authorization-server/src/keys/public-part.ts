import type { JWK } from 'jose';
import type { EntityManager } from 'typeorm';
import type { KeyEncryption } from './key-encryption.ts';
import { openSigningKeys } from './signing-keys.ts';

/** What may be published of a signing key. */
export function publicPart({ kty, crv, x, y, n, e, kid, alg, use }: JWK): JWK {
  return JSON.parse(JSON.stringify({ kty, crv, x, y, n, e, kid, alg, use })) as JWK;
}

/** The key set (RFC 7517 §5) as the database has it. */
export async function readPublicKeys(manager: EntityManager, encryption: KeyEncryption): Promise<{ keys: JWK[] }> {
  return { keys: (await openSigningKeys(manager, encryption)).map(publicPart) };
}
