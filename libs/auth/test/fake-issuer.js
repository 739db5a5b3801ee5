import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
export const audience = 'http://localhost:3000/mcp';
export async function startFakeIssuer(options = {}) {
  const path = options.path ?? '';
  const keys = [];
  let signing;
  let fetches = 0;
  let failing = false;
  const server = createServer((request, response) => {
    const answer = (body) => response.end(JSON.stringify(body));
    if (failing) response.writeHead(503).end();
    else if (request.url === `/.well-known/oauth-authorization-server${path}`)
      answer({ issuer: issuerOf(), jwks_uri: `${issuerOf()}/jwks` });
    else if (request.url === `${path}/jwks`) {
      fetches++;
      answer({ keys });
    } else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuerOf = () => `http://127.0.0.1:${server.address().port}${path}`;
  const rotate = async (keyId, algorithm = 'ES256') => {
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
      const { key: signingKey, keyId, algorithm } = signing;
      const token = new SignJWT(JSON.parse(JSON.stringify(payload)));
      return token.setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: keyId, ...header }).sign(key ?? signingKey);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
//# sourceMappingURL=fake-issuer.js.map
