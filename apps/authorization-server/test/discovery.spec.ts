import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { McpClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import { freePort, startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

const authenticationMethods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'];

describe('the metadata of an issuer without path', () => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await startReplicas();
  });
  afterAll(() => replicas.stop());

  it.each(['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'])(
    'is served at %s (RFC 8414 §3, OpenID Connect Discovery 1.0 §4)',
    async (path) => {
      const answer = await replicas.send(path);
      const { issuer } = replicas;
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('public, max-age=300');
      expect(jsonOf(answer)).toMatchObject({
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        registration_endpoint: `${issuer}/reg`,
        revocation_endpoint: `${issuer}/token/revocation`,
        introspection_endpoint: `${issuer}/token/introspection`,
        jwks_uri: `${issuer}/jwks`,
        pushed_authorization_request_endpoint: `${issuer}/par`,
        response_types_supported: ['code'],
        response_modes_supported: ['query'],
        grant_types_supported: ['authorization_code', 'refresh_token'],
        code_challenge_methods_supported: ['S256'],
        scopes_supported: ['mcp', 'openid'],
        authorization_response_iss_parameter_supported: true,
        id_token_signing_alg_values_supported: ['ES256'],
        token_endpoint_auth_methods_supported: authenticationMethods,
        revocation_endpoint_auth_methods_supported: authenticationMethods,
        introspection_endpoint_auth_methods_supported: authenticationMethods,
        client_id_metadata_document_supported: true,
      });
    },
  );

  it('publishes public keys only, and lets them be cached', async () => {
    const answer = await replicas.send('/jwks');
    expect(answer.headers['cache-control']).toBe('public, max-age=300');
    const { keys } = jsonOf(answer) as { keys: Record<string, unknown>[] };
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
      expect(key).not.toHaveProperty('d');
    }
  });

  it.each([
    ['GET', '/.well-known/oauth-authorization-server'],
    ['GET', '/jwks'],
    ['GET', '/.well-known/openid-configuration'],
    ['POST', '/reg'],
    ['GET', '/reg/client'],
    ['PUT', '/reg/client'],
    ['DELETE', '/reg/client'],
    ['POST', '/par'],
    ['POST', '/token'],
    ['POST', '/token/revocation'],
    ['POST', '/token/introspection'],
  ])('answers browser-based clients of any origin: %s %s', async (method, path) => {
    const origin = 'https://inspector.example';
    const preflight = await replicas.send(path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'content-type' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({ 'access-control-allow-origin': '*' });
    expect(preflight.headers['access-control-allow-headers']).toMatch(/content-type/i);
    expect(preflight.headers['access-control-allow-methods']).toContain(method);
    const answer = await replicas.send(path, { method, headers: { origin } });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('lets no other origin read a page', async () => {
    const answer = await replicas.send('/auth', { headers: { origin: 'https://evil.example' } });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('an issuer with a path', () => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await startReplicas(2, { AUTH_ISSUER: `http://localhost:${await freePort()}/tenants/acme` });
  });
  afterAll(() => replicas.stop());

  it.each([
    '/.well-known/oauth-authorization-server/tenants/acme',
    '/.well-known/openid-configuration/tenants/acme',
    '/tenants/acme/.well-known/openid-configuration',
  ])('serves its metadata at %s (MCP 2026-07-28 Authorization Server Discovery)', async (path) => {
    const answer = await replicas.send(path);
    expect(answer.status).toBe(200);
    const { issuer } = replicas;
    expect(jsonOf(answer)).toMatchObject({ issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` });
  });

  it.each(['/.well-known/oauth-authorization-server', '/token', '/jwks', '/tenants/acmeevil/jwks', '/'])(
    'serves nothing at %s, which is not below it',
    async (path) => {
      expect((await replicas.send(path)).status).toBe(404);
    },
  );

  it('leads through its pages to a token', async () => {
    const client = await McpClient.register(replicas);
    const tokens = await client.obtainTokens();
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'mcp' });
    const refreshed = await client.refresh(tokens.refresh_token, { resource });
    expect(refreshed.status).toBe(200);
  });
});
