import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { exportJWK, generateKeyPair } from 'jose';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PreRegisteredClients } from '../src/clients/pre-registered-clients.ts';
import type { ClientAuthentication } from '../src/clients/client-definition.ts';
import { readKeyEncryption } from '../src/keys/key-encryption.ts';
import { keyPolicy } from '../src/keys/key-life-cycle.ts';
import { loadServerSecrets } from '../src/keys/load-server-secrets.ts';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { callback, McpClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

/** A client as this server and the library know it. */
interface Registered {
  oauthClientId: string;
  authentication: oauth.ClientAuth;
}

let replicas: Replicas;
let dataSource: DataSource;
/** By their way to authenticate. */
const registered = new Map<string, Registered>();

beforeAll(async () => {
  replicas = await startReplicas(2);
  dataSource = await replicas.database.open();
  const encryption = readKeyEncryption({
    GATEHOUSE_ENCRYPTION_KEY: replicas.environment['GATEHOUSE_ENCRYPTION_KEY'] ?? '',
    GATEHOUSE_ENCRYPTION_KEY_PREVIOUS: '',
  });
  const policy = keyPolicy({ AUTH_KEY_SET_MAX_AGE_SECONDS: 300, AUTH_SIGNING_KEY_DAYS: 30 });
  const clients = new PreRegisteredClients(await loadServerSecrets(dataSource, encryption, policy));
  const create = (authentication: ClientAuthentication) =>
    dataSource.transaction((manager) =>
      clients.create(manager, { clientName: 'Independent', redirectUris: [callback], authentication }),
    );
  const pair = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), alg: 'ES256', use: 'sig' }] };
  const { oauthClientId: publicId } = await McpClient.register(replicas);
  const basic = await create({ method: 'client_secret_basic' });
  const post = await create({ method: 'client_secret_post' });
  const byKey = await create({ method: 'private_key_jwt', jwks });
  registered.set('none', { oauthClientId: publicId, authentication: oauth.None() });
  registered.set('client_secret_basic', {
    oauthClientId: basic.oauthClientId,
    authentication: oauth.ClientSecretBasic(basic.secret ?? ''),
  });
  registered.set('client_secret_post', {
    oauthClientId: post.oauthClientId,
    authentication: oauth.ClientSecretPost(post.secret ?? ''),
  });
  registered.set('private_key_jwt', {
    oauthClientId: byKey.oauthClientId,
    authentication: oauth.PrivateKeyJwt(pair.privateKey),
  });
});
afterAll(() => replicas.stop());

function clientOf(method: string): Registered {
  const found = registered.get(method);
  if (!found) throw new Error(`no client authenticates by ${method}`);
  return found;
}

/** The library's `fetch`, which reaches the replicas in turn. */
const throughReplicas = async (
  url: string,
  { method = 'GET', headers, body }: { method?: string; headers?: Record<string, string>; body?: unknown },
): Promise<Response> => {
  const { pathname, search } = new URL(url);
  const text = body instanceof URLSearchParams || typeof body === 'string' ? { body: body.toString() } : {};
  const answer = await replicas.send(`${pathname}${search}`, { method, headers: { ...headers }, ...text });
  const received = Object.entries(answer.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one): [string, string] => [name, one]),
  );
  return new Response([204, 304].includes(answer.status) ? null : answer.text, {
    status: answer.status,
    headers: received,
  });
};
const options = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: throughReplicas };

const discover = async (algorithm: 'oidc' | 'oauth2') => {
  const issuer = new URL(replicas.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...options }));
};

/** The whole code flow with a pushed request, each answer checked as the specifications ask. */
async function authorize({ oauthClientId, authentication }: Registered, expected: { alg: string }) {
  const server = await discover('oauth2');
  const client: oauth.Client = { client_id: oauthClientId, id_token_signed_response_alg: expected.alg };
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const pushed = await oauth.processPushedAuthorizationResponse(
    server,
    client,
    await oauth.pushedAuthorizationRequest(
      server,
      client,
      authentication,
      {
        response_type: 'code',
        redirect_uri: callback,
        scope: 'openid mcp',
        resource,
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      },
      options,
    ),
  );
  const query = new URLSearchParams({ client_id: oauthClientId, request_uri: pushed.request_uri });
  const url = `${server.authorization_endpoint}?${query.toString()}`;
  const back = await new Browser(replicas).authorize(url);
  const callbackParameters = oauth.validateAuthResponse(server, client, back, state);
  const tokens = await oauth.processAuthorizationCodeResponse(
    server,
    client,
    await oauth.authorizationCodeGrantRequest(server, client, authentication, callbackParameters, callback, verifier, {
      additionalParameters: { resource },
      ...options,
    }),
    { expectedNonce: nonce, requireIdToken: true },
  );
  return { server, client, tokens, url, pushed };
}

/** The access token under RFC 9068 §4, checked by the library with the keys that this server publishes. */
const validate = (server: oauth.AuthorizationServer, token: string) =>
  oauth.validateJwtAccessToken(
    server,
    new Request(resource, { headers: { authorization: `Bearer ${token}` } }),
    resource,
    options,
  );

describe('oauth4webapi, a strict client of other hands', () => {
  it.each(['oidc', 'oauth2'] as const)('discovers the server (%s)', async (algorithm) => {
    expect(await discover(algorithm)).toMatchObject({
      issuer: replicas.issuer,
      pushed_authorization_request_endpoint: `${replicas.issuer}/par`,
      authorization_response_iss_parameter_supported: true,
    });
  });

  it.each(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'])(
    'pushes its request, redeems its code, refreshes, introspects and revokes with %s',
    async (method) => {
      const known = clientOf(method);
      const { authentication } = known;
      const { server, client, tokens } = await authorize(known, { alg: 'ES256' });
      expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 300 });
      const { sub } = oauth.getValidatedIdTokenClaims(tokens) ?? {};
      const claims = await validate(server, tokens.access_token);
      expect(claims).toMatchObject({ sub, client_id: known.oauthClientId, scope: 'mcp' });

      const refreshed = await oauth.processRefreshTokenResponse(
        server,
        client,
        await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token ?? '', {
          additionalParameters: { resource },
          ...options,
        }),
      );
      // OAuth 2.1 §4.3.1: a public client's token is exchanged, another is bound to its client.
      expect(refreshed.refresh_token === tokens.refresh_token).toBe(method !== 'none');
      await validate(server, refreshed.access_token);

      const introspect = async (token: string) =>
        oauth.processIntrospectionResponse(
          server,
          client,
          await oauth.introspectionRequest(server, client, authentication, token, options),
        );
      expect(await introspect(refreshed.access_token)).toMatchObject({ active: true, sub, aud: resource });
      expect(await introspect(refreshed.refresh_token ?? '')).toMatchObject({ active: true });
      const revoke = async (token: string) =>
        oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, token, options));
      await revoke(refreshed.access_token);
      expect(await introspect(refreshed.access_token)).toEqual({ active: false });
      await revoke(refreshed.refresh_token ?? '');
      expect(await introspect(refreshed.refresh_token ?? '')).toEqual({ active: false });
    },
  );

  it('keeps the refresh token of a confidential client alive while it is used (idle 30 days)', async () => {
    const { oauthClientId, authentication } = clientOf('client_secret_basic');
    const { server, client, tokens } = await authorize({ oauthClientId, authentication }, { alg: 'ES256' });
    const daysLeft = async () => {
      const [row] = await dataSource.query<{ days: number }[]>(
        `SELECT extract(epoch FROM token.expires_at - now())::float8 / 86400 AS days
         FROM auth.refresh_token AS token JOIN auth.oauth_grant AS given ON given.id = token.grant_id
         WHERE given.oauth_client_id = $1 ORDER BY token.created_at DESC LIMIT 1`,
        [oauthClientId],
      );
      return row?.days;
    };
    const age = (days: number) =>
      dataSource.query(
        `WITH aged AS (UPDATE auth.refresh_token SET expires_at = expires_at - make_interval(days => $1))
         UPDATE auth.oauth_grant SET expires_at = expires_at - make_interval(days => $1) WHERE oauth_client_id = $2`,
        [days, oauthClientId],
      );
    const refresh = () =>
      oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token ?? '', options);
    for (const left of [30, 30, 30, 30, 10]) {
      expect((await refresh()).status).toBe(200);
      expect(await daysLeft()).toBeCloseTo(left, 1);
      await age(20);
    }
    expect((await refresh()).status).toBe(400);
  });
});

describe('openid-client, which builds on it', () => {
  it('finds the server, pushes its request and goes through the flow by itself', async () => {
    const { oauthClientId } = clientOf('none');
    const config = await openid.discovery(
      new URL(replicas.issuer),
      oauthClientId,
      { id_token_signed_response_alg: 'ES256' },
      openid.None(),
      { execute: [openid.allowInsecureRequests], [openid.customFetch]: throughReplicas },
    );
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const expectedState = openid.randomState();
    const url = await openid.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: callback,
      scope: 'openid mcp',
      resource,
      state: expectedState,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri']);
    const back = await new Browser(replicas).authorize(url.href);
    const tokens = await openid.authorizationCodeGrant(
      config,
      back,
      { pkceCodeVerifier, expectedState, idTokenExpected: true },
      { resource },
    );
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', { resource });
    expect(await openid.tokenIntrospection(config, refreshed.access_token)).toMatchObject({ active: true });
    await openid.tokenRevocation(config, refreshed.refresh_token ?? '');
    expect(await openid.tokenIntrospection(config, refreshed.access_token)).toMatchObject({ active: false });
  });
});

describe('a pushed authorization request (RFC 9126)', () => {
  const form = (more: Record<string, string> = {}) => ({
    client_id: clientOf('none').oauthClientId,
    response_type: 'code',
    redirect_uri: callback,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    scope: 'mcp',
    resource,
    ...more,
  });
  const push = (more: Record<string, string> = {}) => McpClient.of(replicas, 'nobody').postForm('/par', form(more));

  it('is answered once, within a minute, to its own client (§4)', async () => {
    const { request_uri: uri, expires_in: seconds } = jsonOf(await push()) as {
      request_uri: string;
      expires_in: number;
    };
    expect(seconds).toBe(60);
    /** What the client hears, or the page says. */
    const open = async (oauthClientId: string) => {
      const query = new URLSearchParams({ client_id: oauthClientId, request_uri: uri });
      const url = `${replicas.issuer}/auth?${query.toString()}`;
      const back = await new Browser(replicas).authorize(url).catch((error: unknown) => String(error));
      if (typeof back === 'string') return /invalid_\w+/.exec(back)?.[0] ?? back;
      return back.searchParams.has('code') ? 'a code' : back.searchParams.get('error');
    };
    const { oauthClientId } = clientOf('none');
    const stranger = await McpClient.register(replicas);
    expect(await open(stranger.oauthClientId)).toBe('invalid_request_object');
    expect(await open(oauthClientId)).toBe('a code');
    expect(await open(oauthClientId)).toBe('invalid_request_uri');
  });

  it('is answered once though two browsers opened it in time', async () => {
    const { request_uri: uri } = jsonOf(await push()) as { request_uri: string };
    const query = new URLSearchParams({ client_id: form().client_id, request_uri: uri });
    const url = `${replicas.issuer}/auth?${query.toString()}`;
    const [first, second] = [new Browser(replicas), new Browser(replicas)];
    const opened = await second.open(url);
    expect((await first.authorize(url)).searchParams.has('code')).toBe(true);
    const late = await second.authorize(opened.url.href).catch((error: unknown) => String(error));
    expect(typeof late === 'string' ? late : late.searchParams.get('error')).toContain('invalid_request_uri');
  });

  it.each<[string, Record<string, string>, number, string]>([
    ['an unknown client', { client_id: 'nobody' }, 401, 'invalid_client'],
    ['a client that does not authenticate', { client_id: 'confidential' }, 401, 'invalid_client'],
    ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/' }, 400, 'invalid_request'],
    ['no challenge', { code_challenge: '' }, 400, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 400, 'invalid_request'],
    ['an unknown resource', { resource: 'https://evil.example/mcp' }, 400, 'invalid_target'],
    ['another response mode', { response_mode: 'form_post' }, 400, 'unsupported_response_mode'],
    ['another response type', { response_type: 'token' }, 400, 'unsupported_response_type'],
    ['a request_uri', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 400, 'request_uri_not_supported'],
    ['a NUL', { state: 'a\0b' }, 400, 'invalid_request'],
  ])('is refused for %s', async (_what, parameters, status, error) => {
    const confidential = clientOf('client_secret_basic').oauthClientId;
    const named = parameters['client_id'] === 'confidential' ? { client_id: confidential } : {};
    const answer = await push({ ...parameters, ...named });
    expect([answer.status, jsonOf(answer)]).toEqual([status, expect.objectContaining({ error })]);
  });

  it('that is refused is an audit row, as one by the browser is', async () => {
    const { oauthClientId } = await McpClient.register(replicas);
    await push({ client_id: oauthClientId, resource: 'https://evil.example/mcp' });
    const secretly = clientOf('client_secret_basic').oauthClientId;
    await push({ client_id: secretly });
    const rows = await dataSource.query(
      `SELECT DISTINCT ON (oauth_client_id) type, reason, oauth_client_id FROM auth.audit_row
       WHERE outcome = 'failure' AND (oauth_client_id = $1 OR oauth_client_id = $2) ORDER BY oauth_client_id, id DESC`,
      [oauthClientId, secretly],
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        { type: 'authorization.refused', reason: 'invalid_target', oauth_client_id: oauthClientId },
        { type: 'client_authentication.failed', reason: 'invalid_client', oauth_client_id: secretly },
      ]),
    );
  });

  it('without a scope is for all that its resource offers, as one by the browser is', async () => {
    const { request_uri: uri } = jsonOf(await push({ scope: '' })) as { request_uri: string };
    const query = new URLSearchParams({ client_id: form().client_id, request_uri: uri });
    const back = await new Browser(replicas).authorize(`${replicas.issuer}/auth?${query.toString()}`);
    expect(back.searchParams.get('code')).toMatch(/\S/);
  });
});

describe('another signing algorithm', () => {
  it('takes over without a break: RS256, for clients and grants of before too', async () => {
    const { oauthClientId, authentication } = clientOf('none');
    const before = await authorize({ oauthClientId, authentication }, { alg: 'ES256' });
    const former = replicas.servers.splice(0);
    await replicas.add({ AUTH_SIGNING_ALGORITHM: 'RS256' });
    await replicas.add({ AUTH_SIGNING_ALGORITHM: 'RS256' });
    await Promise.all(former.map((server) => server.stop()));
    const keys = () =>
      dataSource.query<{ state: string; algorithm: string }[]>(
        'SELECT state, algorithm FROM auth.signing_key ORDER BY state',
      );
    const waitFor = async (next: { state: string; algorithm: string }[]) => {
      await expect.poll(keys, { timeout: 10_000 }).toEqual(next);
    };
    const publishForLongEnough = () =>
      dataSource.query(`UPDATE auth.signing_key SET created_at = created_at - interval '1 hour' WHERE state = 'next'`);
    /** Either replica has read them. */
    const haveKeys = async (count: number) => {
      const published = async () => {
        const sets = [await replicas.send('/jwks'), await replicas.send('/jwks')];
        return sets.map((answer) => (jsonOf(answer) as { keys: unknown[] }).keys.length);
      };
      await expect.poll(published, { timeout: 10_000 }).toEqual([count, count]);
    };
    await publishForLongEnough();
    await waitFor([
      { state: 'active', algorithm: 'ES256' },
      { state: 'next', algorithm: 'RS256' },
    ]);
    await publishForLongEnough();
    await waitFor([
      { state: 'active', algorithm: 'RS256' },
      { state: 'next', algorithm: 'RS256' },
      { state: 'retired', algorithm: 'ES256' },
    ]);
    await haveKeys(3);
    const after = await authorize({ oauthClientId, authentication }, { alg: 'RS256' });
    expect(oauth.getValidatedIdTokenClaims(after.tokens)?.sub).toMatch(/\S/);
    const server = { ...after.server };
    await validate(server, after.tokens.access_token);
    // What was signed before is still good, and a grant of before goes on.
    await validate(server, before.tokens.access_token);
    const refreshed = jsonOf(
      await McpClient.of(replicas, oauthClientId).refresh(before.tokens.refresh_token ?? ''),
    ) as TokenAnswer;
    await validate(server, refreshed.access_token);
    // When the last key of before has gone, clients that were stored with it are known as ever.
    await dataSource.query(`DELETE FROM auth.signing_key WHERE state = 'retired'`);
    await haveKeys(2);
    await authorize({ oauthClientId, authentication }, { alg: 'RS256' });
  });
});
