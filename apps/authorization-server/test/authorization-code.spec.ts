import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { McpClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

describe('the authorization code grant over two replicas', () => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await startReplicas(2);
  });
  afterAll(() => replicas.stop());

  it('leads from registration through approval and login to a token for the resource (RFC 9068 §2)', async () => {
    const client = await McpClient.register(replicas);
    const redirect = await client.authorize();
    expect(redirect.get('state')).toBe('state of the client');
    expect(redirect.get('iss')).toBe(replicas.issuer);
    const answer = await client.redeem(redirect.get('code') ?? '', { resource });
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const tokens = jsonOf(answer) as TokenAnswer;
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 300, scope: 'mcp' });

    const keys = jsonOf(await replicas.send('/jwks')) as JSONWebKeySet;
    const { payload, protectedHeader } = await jwtVerify(tokens.access_token, createLocalJWKSet(keys), {
      issuer: replicas.issuer,
      audience: resource,
      typ: 'at+jwt',
      algorithms: ['ES256'],
    });
    expect(protectedHeader.kid).toBe(keys.keys[0]?.kid);
    expect(payload).toEqual({
      iss: replicas.issuer,
      sub: expect.stringMatching(/^[0-9a-f-]{36}$/),
      aud: resource,
      client_id: client.oauthClientId,
      scope: 'mcp',
      jti: expect.any(String),
      gid: expect.any(String),
      tenant: 'default',
      roles: ['administrator'],
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 300,
    });
  });
});
