import { createDecipheriv } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTHeaderParameters, JWTPayload, KeyObject } from 'jose';
import type { Database } from './database.ts';

const ivBytes = 12;
const tagBytes = 16;

/** Signs as the authorization server does, for tokens that are wrong in one respect only. */
export interface Forge {
  /** The public half of the key that signs. */
  publicJwk: JWK;
  /** A token like a good one; a claim or header of undefined is left out. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>, key?: CryptoKey | KeyObject): Promise<string>;
}

/**
 * Opens the active signing key, as nobody can without the key-encryption key.
 * @param good claims of an access token that the gateways accept.
 */
export async function openForge(database: Database, encryptionKey: Buffer, good: JWTPayload): Promise<Forge> {
  const [row] = await database.query<{ id: string; sealed: Buffer }>(
    `SELECT id, sealed_private_jwk AS sealed FROM auth.signing_key WHERE state = 'active'`,
  );
  if (!row) throw new Error('there is no signing key');
  const jwk = JSON.parse(open(row.sealed, encryptionKey, `signing_key:${row.id}`)) as JWK;
  const privateKey = (await importJWK(jwk, 'ES256')) as CryptoKey;
  const { d: _, ...publicJwk } = jwk;
  return {
    publicJwk,
    sign: (claims, header = {}, key: CryptoKey | KeyObject = privateKey) => {
      const now = Math.floor(Date.now() / 1_000);
      const payload = withoutUndefined({ ...good, iat: now, exp: now + 300, jti: crypto.randomUUID(), ...claims });
      const protectedHeader = withoutUndefined({ alg: 'ES256', typ: 'at+jwt', kid: row.id, ...header });
      return new SignJWT(payload).setProtectedHeader(protectedHeader as unknown as JWTHeaderParameters).sign(key);
    },
  };
}

/** Version, IV, tag and ciphertext of AES-256-GCM. */
function open(sealed: Buffer, key: Buffer, associatedData: string): string {
  const iv = sealed.subarray(1, 1 + ivBytes);
  const tag = sealed.subarray(1 + ivBytes, 1 + ivBytes + tagBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(associatedData)).setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(1 + ivBytes + tagBytes)), decipher.final()]).toString('utf8');
}

function withoutUndefined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
