import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWTPayload } from 'jose';

/** An authorization server as far as a gateway needs one: metadata, keys, and tokens for whoever asks in this process. */
export interface TokenIssuer {
  issuer: string;
  /**
   * An access token (RFC 9068) for one resource. Each is another account's of the tenant `default`, unless `claims`, which
   * come last, say otherwise.
   */
  issue(resource: string, scopes: string[], claims?: JWTPayload): Promise<string>;
  close(): void;
}

/** Longer than any run, so that no call is refused for the age of its token. */
const tokenLifetimeSeconds = 3_600;

/** Starts an issuer on a loopback port, with a key pair of its own. */
export async function startTokenIssuer(): Promise<TokenIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const kid = randomUUID();
  const documents = new Map<string | undefined, object>();
  const server = createServer((request, response) => {
    const document = documents.get(request.url);
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // RFC 8414 §3 and OpenID Connect Discovery §4: either is asked for.
  const metadata = { issuer, jwks_uri: `${issuer}/jwks` };
  documents.set('/.well-known/oauth-authorization-server', metadata);
  documents.set('/.well-known/openid-configuration', metadata);
  documents.set('/jwks', { keys: [{ ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'ES256' }] });
  return {
    issuer,
    issue: (resource, scopes, claims) =>
      new SignJWT({
        iss: issuer,
        sub: randomUUID(),
        aud: resource,
        jti: randomUUID(),
        client_id: 'test',
        scope: scopes.join(' '),
        gid: randomUUID(),
        tenant: 'default',
        roles: [],
        ...claims,
      })
        .setProtectedHeader({ typ: 'at+jwt', alg: 'ES256', kid })
        .setIssuedAt()
        .setExpirationTime(`${tokenLifetimeSeconds} s`)
        .sign(privateKey),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
