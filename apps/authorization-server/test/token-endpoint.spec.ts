import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { decodeJwt, McpClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

describe('the token endpoint, redeeming codes', () => {
  let replicas: Replicas;
  let client: McpClient;

  beforeAll(async () => {
    replicas = await startReplicas(2);
    client = await McpClient.register(replicas);
  });
  afterAll(() => replicas.stop());

  it.each([
    ['another resource', { resource: 'http://localhost:3000/mcp/other' }, 400, 'invalid_target'],
    ['a relative resource', { resource: '/mcp' }, 400, 'invalid_target'],
    ['a wrong verifier', { code_verifier: 'w'.repeat(43) }, 400, 'invalid_grant'],
    ['a malformed verifier', { code_verifier: 'short' }, 400, 'invalid_request'],
    ['another redirect URI', { redirect_uri: 'http://127.0.0.1:33418/other' }, 400, 'invalid_grant'],
    ['another port in the redirect URI', { redirect_uri: 'http://127.0.0.1:1/callback' }, 400, 'invalid_grant'],
  ])('refuses %s and leaves the code unburnt', async (_what, parameters, status, error) => {
    const code = await client.obtainCode();
    const refused = await client.redeem(code, parameters);
    expect(refused.status).toBe(status);
    expect(jsonOf(refused)).toMatchObject({ error });
    expect(refused.headers['cache-control']).toBe('no-store');
    expect((await client.redeem(code, { resource })).status).toBe(200);
  });

  it("refuses another client's code and leaves it unburnt", async () => {
    const code = await client.obtainCode();
    const thief = await McpClient.register(replicas);
    expect(jsonOf(await thief.redeem(code, { code_verifier: client.verifier }))).toMatchObject({
      error: 'invalid_grant',
    });
    expect((await client.redeem(code)).status).toBe(200);
  });

  it('ends the grant when a code is redeemed again (RFC 6749 §4.1.2)', async () => {
    const code = await client.obtainCode();
    const tokens = jsonOf(await client.redeem(code)) as TokenAnswer;
    const replayed = await client.redeem(code);
    expect(replayed.status).toBe(400);
    expect(jsonOf(replayed)).toMatchObject({ error: 'invalid_grant' });
    expect(jsonOf(await client.refresh(tokens.refresh_token))).toMatchObject({ error: 'invalid_grant' });
    const { gid } = decodeJwt(tokens.access_token).claims;
    const dataSource = await replicas.database.open();
    const outbox = await dataSource.query(
      `SELECT tenant_id, kind, extract(epoch FROM expires_at - created_at)::int AS lives, published_at
       FROM auth.outbox WHERE key = $1`,
      [gid],
    );
    expect(outbox).toEqual([{ tenant_id: 'default', kind: 'grant', lives: 360, published_at: null }]);
    const audit = await dataSource.query(
      `SELECT type, outcome, reason FROM auth.audit_row WHERE details->>'gid' = $1 ORDER BY id`,
      [gid],
    );
    expect(audit).toEqual([
      { type: 'token.issued', outcome: 'success', reason: null },
      { type: 'grant.ended', outcome: 'success', reason: 'replayed' },
    ]);
  });

  it('gives one of ten parallel redemptions a token, refuses nine, and ends the grant', async () => {
    for (let round = 0; round < 5; round++) {
      const code = await client.obtainCode();
      const answers = await Promise.all(Array.from({ length: 10 }, () => client.redeem(code)));
      const won = answers.find(({ status }) => status === 200);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const losers = answers.filter((answer) => answer !== won);
      expect(losers.map((answer) => [answer.status, (jsonOf(answer) as { error: string }).error])).toEqual(
        Array.from({ length: 9 }, () => [400, 'invalid_grant']),
      );
      if (!won) throw new Error('no redemption won');
      const { refresh_token: refreshToken } = jsonOf(won) as TokenAnswer;
      expect((await client.refresh(refreshToken)).status).toBe(400);
    }
  });

  it('writes an audit row for a refused request, though nothing else of it is kept', async () => {
    const other = await McpClient.register(replicas);
    const answer = await other.redeem('no such code');
    expect(jsonOf(answer)).toMatchObject({ error: 'invalid_grant' });
    const dataSource = await replicas.database.open();
    const [row] = await dataSource.query(
      `SELECT outcome, reason, oauth_client_id, details FROM auth.audit_row WHERE type = 'token.refused' ORDER BY id DESC LIMIT 1`,
    );
    expect(row).toEqual({
      outcome: 'failure',
      reason: 'invalid_grant',
      oauth_client_id: other.oauthClientId,
      details: { grantType: 'authorization_code', detail: 'authorization code not found' },
    });
  });

  it.each([
    ['client credentials', 'grant_type=client_credentials', 'unsupported_grant_type'],
    ['a password', 'grant_type=password&username=a&password=b', 'unsupported_grant_type'],
    ['an unknown grant type', 'grant_type=magic', 'unsupported_grant_type'],
    ['no grant type', 'code=a', 'invalid_request'],
    ['no code', 'grant_type=authorization_code', 'invalid_request'],
    ['no refresh token', 'grant_type=refresh_token', 'invalid_request'],
    ['two grant types', 'grant_type=refresh_token&grant_type=refresh_token', 'invalid_request'],
    ['two codes', 'grant_type=authorization_code&code=a&code=b&redirect_uri=c', 'invalid_request'],
    ['a code with a NUL', 'grant_type=authorization_code&code=a%00&redirect_uri=c', 'invalid_request'],
    [
      'a code of 50,000 characters',
      `grant_type=authorization_code&code=${'a'.repeat(50_000)}&redirect_uri=c`,
      'invalid_grant',
    ],
    ['invalid percent-encoding', 'grant_type=refresh_token&refresh_token=%zz%ff', 'invalid_grant'],
  ])('refuses %s', async (_what, form, error) => {
    const answer = await client.postForm('/token', `${form}&client_id=${client.oauthClientId}`);
    expect(answer.status).toBe(400);
    expect(jsonOf(answer)).toMatchObject({ error });
  });

  it.each([
    ['an unknown client', 'client_id=nobody', {}, 401, 'invalid_client'],
    ['no client', '', {}, 400, 'invalid_request'],
    ['a client with a NUL', 'client_id=a%00', {}, 400, 'invalid_request'],
    ['a malformed Authorization header', '', { authorization: 'Basic %%%' }, 400, 'invalid_request'],
  ])('refuses %s', async (_what, form, headers, status, error) => {
    const answer = await client.postForm('/token', `grant_type=refresh_token&refresh_token=a&${form}`, headers);
    expect(answer.status).toBe(status);
    expect(jsonOf(answer)).toMatchObject({ error });
  });

  it.each([
    ['JSON', 'application/json', '{"grant_type":"refresh_token"}', 400],
    ['plain text', 'text/plain', 'grant_type=refresh_token', 400],
    ['60 KiB', 'application/x-www-form-urlencoded', `code=${'a'.repeat(60 * 1_024)}`, 413],
  ])('refuses a body of %s', async (_what, type, body, status) => {
    const answer = await replicas.send('/token', { method: 'POST', headers: { 'content-type': type }, body });
    expect(answer.status).toBe(status);
    expect(jsonOf(answer)).toMatchObject({ error: 'invalid_request' });
  });
});
