import { describe, expect, it } from 'vitest';
import { jsonOf } from '../../support/authorization/http.ts';
import type { HttpAnswer } from '../../support/authorization/http.ts';
import { McpClient, resource } from '../../support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../support/authorization/mcp-client.ts';
import { stack } from '../stack/running-stack.ts';

const errorOf = (answer: HttpAnswer) => [answer.status, (jsonOf(answer) as { error?: string }).error];

describe('a code', () => {
  it('that was issued without a challenge is not redeemed with a verifier (OAuth 2.1 §4.1.3)', async () => {
    const code = await stack().client.obtainCode();
    // Nothing here issues such a code: it is what a downgrade would leave behind.
    await stack().database.query(
      `UPDATE auth.provider_record SET payload = payload - 'codeChallenge' - 'codeChallengeMethod'
       WHERE kind = 'AuthorizationCode' AND consumed_at IS NULL`,
    );
    expect(errorOf(await stack().client.redeem(code))).toEqual([400, 'invalid_grant']);
  });

  it.each([
    ['a wrong verifier', { code_verifier: 'w'.repeat(43) }, 'invalid_grant'],
    ['a malformed verifier', { code_verifier: 'short' }, 'invalid_request'],
    ['another redirect URI', { redirect_uri: 'http://127.0.0.1:33418/other' }, 'invalid_grant'],
    ['the redirect URI with another port', { redirect_uri: 'http://127.0.0.1:1/callback' }, 'invalid_grant'],
    ['another resource', { resource: `${resource}/files` }, 'invalid_target'],
    ['an unknown resource', { resource: 'https://evil.example/mcp' }, 'invalid_target'],
    ['a relative resource', { resource: '/mcp' }, 'invalid_target'],
  ])('is refused with %s, and not burnt', async (_what, parameters, error) => {
    const { client } = stack();
    const code = await client.obtainCode();
    expect(errorOf(await client.redeem(code, parameters))).toEqual([400, error]);
    expect(errorOf(await client.redeem(code, parameters))).toEqual([400, error]);
    expect((await client.redeem(code, { resource })).status).toBe(200);
  });

  it('is refused to another client, and not burnt', async () => {
    const { client } = stack();
    const code = await client.obtainCode();
    const thief = await stack().register();
    const stolen = await thief.redeem(code, { code_verifier: client.verifier });
    expect(errorOf(stolen)).toEqual([400, 'invalid_grant']);
    expect((await client.redeem(code)).status).toBe(200);
  });

  it('that is redeemed ten times at once at two servers gives one token, nine refusals, and ends the grant', async () => {
    const { client } = stack();
    for (let round = 0; round < 3; round++) {
      const code = await client.obtainCode();
      const answers = await Promise.all(Array.from({ length: 10 }, () => client.redeem(code)));
      const won = answers.filter(({ status }) => status === 200);
      expect(won).toHaveLength(1);
      const lost = answers.filter((answer) => !won.includes(answer));
      expect(lost.map(errorOf)).toEqual(lost.map(() => [400, 'invalid_grant']));
      const { refresh_token: refreshToken } = jsonOf(won[0]!) as TokenAnswer;
      expect(errorOf(await client.refresh(refreshToken))).toEqual([400, 'invalid_grant']);
    }
  });

  it('that is redeemed again is refused, and its refresh token with it (RFC 6749 §4.1.2)', async () => {
    const { client } = stack();
    const code = await client.obtainCode();
    const tokens = jsonOf(await client.redeem(code)) as TokenAnswer;
    expect(errorOf(await client.redeem(code))).toEqual([400, 'invalid_grant']);
    for (let replica = 0; replica < 2; replica++)
      expect(errorOf(await client.refresh(tokens.refresh_token))).toEqual([400, 'invalid_grant']);
  });
});

describe('an answer of the token endpoint', () => {
  it('is stored by nobody, whatever it is (RFC 6749 §5.1)', async () => {
    const { client } = stack();
    const code = await client.obtainCode();
    const good = await client.redeem(code);
    const { refresh_token: refreshToken } = jsonOf(good) as TokenAnswer;
    const answers = [
      good,
      await client.refresh(refreshToken),
      await client.refresh('none that exists'),
      await McpClient.of(stack(), 'nobody').refresh(refreshToken),
      await client.postForm('/token', ''),
      await client.postForm('/token', { grant_type: 'magic', client_id: client.oauthClientId }),
      await stack().send('/token', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 401, 400, 400, 400]);
    for (const { headers } of answers) expect(headers['cache-control']).toBe('no-store');
  });
});
