import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey } from 'jose';

/** Another party's authorization server, as far as a resource server sees it: metadata and one key. */
export interface FakeIssuer {
  issuer: string;
  /** Signs a token that is right in every respect but the given ones; `undefined` leaves a claim out. */
  sign(claims: Record<string, unknown>, options?: { typ?: string; key?: CryptoKey }): Promise<string>;
  close(): Promise<void>;
}

export async function startFakeIssuer(): Promise<FakeIssuer> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'test', alg: 'ES256', use: 'sig' }];
  const server = createServer((request, response) => {
    const known = request.url === '/jwks' || request.url === '/.well-known/oauth-authorization-server';
    if (!known) response.writeHead(404);
    response.end(
      JSON.stringify(request.url === '/jwks' ? { keys } : { issuer: issuer(), jwks_uri: `${issuer()}/jwks` }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer: issuer(),
    sign: (claims, options = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const required = {
        iss: issuer(),
        sub: 'account-1',
        client_id: 'client-1',
        jti: 'token-1',
        iat: now,
        exp: now + 300,
      };
      // A round trip through JSON drops the claims that are undefined.
      const payload = JSON.parse(JSON.stringify({ ...required, ...claims })) as Record<string, unknown>;
      const header = { alg: 'ES256', typ: options.typ ?? 'at+jwt', kid: 'test' };
      return new SignJWT(payload).setProtectedHeader(header).sign(options.key ?? pair.privateKey);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
