import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import type { Configuration } from 'oidc-provider';

// The peer: oidc-provider with its in-memory adapter, configured to answer the same requests with the same kinds of
// token, and nothing else: no policy, no database, no audit.
const oauthClientId = 'bench';
const redirectUri = 'http://127.0.0.1:33418/callback';
const resource = 'http://localhost:3000/mcp';
const accountId = 'somebody';
const day = 24 * 60 * 60;

async function configuration(): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'bench', alg: 'ES256', use: 'sig' }] },
    clients: [
      {
        client_id: oauthClientId,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    cookies: { keys: ['bench'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => Promise.resolve({ sub }) }),
    rotateRefreshToken: true,
    issueRefreshToken: () => Promise.resolve(true),
    expiresWithSession: () => Promise.resolve(false),
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      Grant: 90 * day,
      IdToken: 300,
      Interaction: 600,
      RefreshToken: 30 * day,
      Session: day,
    },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => Promise.resolve(true),
        getResourceServerInfo: () => ({
          scope: 'mcp',
          audience: resource,
          accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  };
}

const page = '<form method="post"><input type="hidden" name="form_token" value="none"><button>Approve</button></form>';

async function start(): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const provider = new Provider(`http://127.0.0.1:${port}`, await configuration());
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) {
      void answer(request, response);
    } else if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    } else {
      request.resume();
      request.once('end', () => void finish(provider, request, response));
    }
  });
  process.send?.({ port });
}

/** Signs the one account in, or grants what is asked for. */
async function finish(provider: Provider, ...exchange: Parameters<Provider['interactionDetails']>): Promise<void> {
  const { prompt } = await provider.interactionDetails(...exchange);
  if (prompt.name === 'login') return provider.interactionFinished(...exchange, { login: { accountId } });
  const grant = new provider.Grant({ accountId, clientId: oauthClientId });
  grant.addResourceScope(resource, 'mcp');
  return provider.interactionFinished(...exchange, { consent: { grantId: await grant.save() } });
}

await start();
