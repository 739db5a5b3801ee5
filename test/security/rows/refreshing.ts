import { describe, expect, it } from 'vitest';
import { jsonOf } from '../../support/authorization/http.ts';
import type { HttpAnswer } from '../../support/authorization/http.ts';
import { decodeJwt, resource } from '../../support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../support/authorization/mcp-client.ts';
import { stack } from '../stack/running-stack.ts';

const errorOf = (answer: HttpAnswer) => [answer.status, (jsonOf(answer) as { error?: string }).error];

describe('a refresh', () => {
  it('for more than was granted is answered invalid_scope, and the token lives on (RFC 6749 §6)', async () => {
    const { client } = stack();
    const tokens = await client.obtainTokens({ scope: 'mcp files:read' });
    for (const scope of ['mcp files:read files:write', 'files:write', 'mcp openid', 'everything'])
      expect(errorOf(await client.refresh(tokens.refresh_token, { scope }))).toEqual([400, 'invalid_scope']);
    const refreshed = await client.refresh(tokens.refresh_token, { scope: 'mcp' });
    expect(decodeJwt((jsonOf(refreshed) as TokenAnswer).access_token).claims.scope).toBe('mcp');
  });

  it('by another client is answered invalid_grant, and the token lives on', async () => {
    const { client } = stack();
    const tokens = await client.obtainTokens();
    const thief = await stack().register();
    for (let replica = 0; replica < 2; replica++)
      expect(errorOf(await thief.refresh(tokens.refresh_token))).toEqual([400, 'invalid_grant']);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(200);
  });

  it('inside the grace window is refused once the grant was revoked', async () => {
    const { client } = stack();
    const first = await client.obtainTokens();
    const second = jsonOf(await client.refresh(first.refresh_token)) as TokenAnswer;
    const form = { token: second.refresh_token, client_id: client.oauthClientId };
    expect((await client.postForm('/token/revocation', form)).status).toBe(200);
    for (const { refresh_token: token } of [first, second, first, second])
      expect(errorOf(await client.refresh(token))).toEqual([400, 'invalid_grant']);
  });
});

describe('two refreshes with one token at the same time', () => {
  it('for two resources of one grant each get their own audience, and one successor', async () => {
    const { client } = stack();
    const server = `${resource}/files`;
    const tokens = await client.obtainTokens({ scope: 'mcp files:read' });
    const { gid } = decodeJwt(tokens.access_token).claims;
    // A person grants one resource at a time; a grant with two is what a later stage may write.
    await stack().database.query(
      `UPDATE auth.oauth_grant SET payload = jsonb_set(payload, ARRAY['resources', $2], '"mcp files:read"') WHERE id = $1`,
      [gid, server],
    );
    await stack().database.query(
      `UPDATE auth.refresh_token SET payload = jsonb_set(payload, '{resource}', to_jsonb($2::text[])) WHERE grant_id = $1`,
      [gid, [resource, server]],
    );
    const asked = [resource, server, `${resource}/`, server, resource, server];
    const answers = await Promise.all(asked.map((uri) => client.refresh(tokens.refresh_token, { resource: uri })));
    expect(answers.map(({ status }) => status)).toEqual(asked.map(() => 200));
    const issued = answers.map((answer) => jsonOf(answer) as TokenAnswer);
    expect(issued.map(({ access_token: token }) => decodeJwt(token).claims.aud)).toEqual(
      asked.map((uri) => uri.replace(/\/$/, '')),
    );
    expect(new Set(issued.map(({ refresh_token: successor }) => successor)).size).toBe(1);
  });

  it('for the granted resource and for another one are told apart', async () => {
    const { client } = stack();
    const tokens = await client.obtainTokens();
    const other = { resource: `${resource}/files` };
    const [good, refused] = await Promise.all([
      client.refresh(tokens.refresh_token, { resource }),
      client.refresh(tokens.refresh_token, other),
    ]);
    expect(decodeJwt((jsonOf(good) as TokenAnswer).access_token).claims.aud).toBe(resource);
    expect(errorOf(refused)).toEqual([400, 'invalid_target']);
  });
});
