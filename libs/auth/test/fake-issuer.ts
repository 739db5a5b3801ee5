import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTHeaderParameters } from 'jose';

/** Another party's authorization server, as far as a resource server sees it: metadata and keys. */
export interface FakeIssuer {
  issuer: string;
  /** How often the key set was fetched. */
  keySetFetches(): number;
  /** Adds a key and signs with it from now on. */
  rotate(keyId: string, algorithm?: string): Promise<void>;
  /** Takes a key out of the published set. */
  withdraw(keyId: string): void;
  /** Keeps answering and errors with 503, or recovers. */
  fail(failing: boolean): void;
  /** Sends this Cache-Control with the key set. */
  cache(cacheControl: string): void;
  publicKeys(): JWK[];
  /** Signs a token that is right in every respect but the given ones; `undefined` leaves a claim out. */
  sign(claims?: Record<string, unknown>, header?: Partial<JWTHeaderParameters>, key?: CryptoKey): Promise<string>;
  close(): Promise<void>;
}

export const audience = 'http://localhost:3000/mcp';

export async function startFakeIssuer(options: { path?: string } = {}): Promise<FakeIssuer> {
  const path = options.path ?? '';
  const keys: JWK[] = [];
  let signing: { key: CryptoKey; keyId: string; algorithm: string } | undefined;
  let fetches = 0;
  let failing = false;
  let cacheControl: string | undefined;
  const server = createServer((request, response) => {
    const answer = (body: object) => response.end(JSON.stringify(body));
    if (failing) response.writeHead(503).end();
    else if (request.url === `/.well-known/oauth-authorization-server${path}`)
      answer({ issuer: issuerOf(), jwks_uri: `${issuerOf()}/jwks` });
    else if (request.url === `${path}/jwks`) {
      fetches++;
      if (cacheControl !== undefined) response.setHeader('cache-control', cacheControl);
      answer({ keys });
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuerOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  const rotate = async (keyId: string, algorithm = 'ES256') => {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    keys.push({ ...(await exportJWK(pair.publicKey)), kid: keyId, alg: algorithm, use: 'sig' });
    signing = { key: pair.privateKey, keyId, algorithm };
  };
  await rotate('first');

  return {
    issuer: issuerOf(),
    keySetFetches: () => fetches,
    rotate,
    withdraw: (keyId) =>
      void keys.splice(
        keys.findIndex((key) => key.kid === keyId),
        1,
      ),
    fail: (value) => {
      failing = value;
    },
    cache: (value) => {
      cacheControl = value;
    },
    publicKeys: () => keys,
    sign: async (claims = {}, header = {}, key) => {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        iss: issuerOf(),
        aud: audience,
        sub: 'account-1',
        client_id: 'client-1',
        scope: 'mcp files:read',
        jti: 'token-1',
        gid: 'grant-1',
        tenant: 'default',
        roles: ['admin'],
        iat: now,
        exp: now + 300,
        ...claims,
      };
      const { key: signingKey, keyId, algorithm } = signing as NonNullable<typeof signing>;
      const token = new SignJWT(JSON.parse(JSON.stringify(payload)) as Record<string, unknown>);
      return token.setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: keyId, ...header }).sign(key ?? signingKey);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
