import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { ScopeHierarchy } from '@gatehouse/auth';
import type { StepUpRequest } from '@gatehouse/messaging';
import { markForStepUp } from '../src/step-up/step-up-mark.ts';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { decodeJwt, McpClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

/** Moves every exchange of a grant into the past, as waiting would. */
async function letSecondsPass(dataSource: DataSource, gid: unknown, seconds: number): Promise<void> {
  await dataSource.query(
    `UPDATE auth.refresh_token SET consumed_at = consumed_at - make_interval(secs => $2) WHERE grant_id = $1`,
    [gid, seconds],
  );
}

describe('refreshing over two replicas', () => {
  let replicas: Replicas;
  let client: McpClient;
  let dataSource: DataSource;

  beforeAll(async () => {
    replicas = await startReplicas(2);
    client = await McpClient.register(replicas);
    dataSource = await replicas.database.open();
  });
  afterAll(() => replicas.stop());

  const refreshed = async (refreshToken: string, parameters: Record<string, string> = {}) => {
    const answer = await client.refresh(refreshToken, parameters);
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    return jsonOf(answer) as TokenAnswer;
  };
  const lineage = async (gid: unknown) =>
    (
      await dataSource.query<{ count: number }[]>(
        'SELECT count(*)::int AS count FROM auth.refresh_token WHERE grant_id = $1',
        [gid],
      )
    )[0]?.count;

  it('rotates the token of a public client and keeps its grant (OAuth 2.1 §4.3.1)', async () => {
    const first = await client.obtainTokens();
    const second = await refreshed(first.refresh_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const [before, after] = [first, second].map(({ access_token: token }) => decodeJwt(token).claims);
    expect(after).toMatchObject({ gid: before?.gid, sub: before?.sub, aud: before?.aud, scope: before?.scope });
    expect(after?.jti).not.toBe(before?.jti);
  });

  it('answers 15 parallel refreshes 15 times with 200 and one successor', async () => {
    for (let round = 0; round < 3; round++) {
      const first = await client.obtainTokens();
      const answers = await Promise.all(Array.from({ length: 15 }, () => client.refresh(first.refresh_token)));
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 15 }, () => 200));
      const tokens = answers.map((answer) => jsonOf(answer) as TokenAnswer);
      expect(new Set(tokens.map((token) => token.refresh_token)).size).toBe(1);
      expect(new Set(tokens.map((token) => decodeJwt(token.access_token).claims.jti)).size).toBe(15);
      expect(await lineage(decodeJwt(first.access_token).claims.gid)).toBe(2);
      await refreshed(tokens[0]?.refresh_token ?? '');
    }
  });

  it('gives the same successor to a client that lost the answer, even after the successor was used', async () => {
    const first = await client.obtainTokens();
    const second = await refreshed(first.refresh_token);
    const third = await refreshed(second.refresh_token);
    expect((await refreshed(first.refresh_token)).refresh_token).toBe(second.refresh_token);
    expect((await refreshed(second.refresh_token)).refresh_token).toBe(third.refresh_token);
    expect(await lineage(decodeJwt(first.access_token).claims.gid)).toBe(3);
  });

  it('answers 119 s after the exchange with the successor, and ends the grant at reuse after 121 s', async () => {
    const first = await client.obtainTokens();
    const { gid } = decodeJwt(first.access_token).claims;
    const second = await refreshed(first.refresh_token);
    await letSecondsPass(dataSource, gid, 119);
    expect((await refreshed(first.refresh_token)).refresh_token).toBe(second.refresh_token);
    await letSecondsPass(dataSource, gid, 2);
    const reused = await client.refresh(first.refresh_token);
    expect(reused.status).toBe(400);
    expect(jsonOf(reused)).toMatchObject({ error: 'invalid_grant' });
    expect(jsonOf(await client.refresh(second.refresh_token))).toMatchObject({ error: 'invalid_grant' });
    const outbox = await dataSource.query(`SELECT kind FROM auth.outbox WHERE key = $1`, [gid]);
    expect(outbox).toEqual([{ kind: 'grant' }]);
    const audit = await dataSource.query(
      `SELECT reason FROM auth.audit_row WHERE type = 'grant.ended' AND details->>'gid' = $1`,
      [gid],
    );
    expect(audit).toEqual([{ reason: 'replayed' }]);
  });

  it('refuses a token inside the window once its grant was revoked', async () => {
    const first = await client.obtainTokens();
    const second = await refreshed(first.refresh_token);
    const revocation = await client.postForm('/token/revocation', {
      token: second.refresh_token,
      client_id: client.oauthClientId,
    });
    expect(revocation.status).toBe(200);
    for (const token of [first, second]) {
      const answer = await client.refresh(token.refresh_token);
      expect([answer.status, (jsonOf(answer) as { error: string }).error]).toEqual([400, 'invalid_grant']);
    }
  });

  it('refuses a token whose account is gone', async () => {
    const first = await client.obtainTokens();
    const { sub } = decodeJwt(first.access_token).claims;
    await dataSource.query(`UPDATE auth.account SET sub = sub || '-gone' WHERE sub = $1`, [sub]);
    try {
      expect(jsonOf(await client.refresh(first.refresh_token))).toMatchObject({ error: 'invalid_grant' });
    } finally {
      await dataSource.query(`UPDATE auth.account SET sub = $1 WHERE sub = $1 || '-gone'`, [sub]);
    }
    await refreshed(first.refresh_token);
  });

  it.each([
    ['a wider scope', { scope: 'mcp openid' }, 'invalid_scope'],
    ['another resource', { resource: 'http://localhost:3000/mcp/other' }, 'invalid_target'],
  ])('refuses %s and leaves the token unconsumed', async (_what, parameters, error) => {
    const first = await client.obtainTokens();
    const refused = await client.refresh(first.refresh_token, parameters);
    expect(refused.status).toBe(400);
    expect(jsonOf(refused)).toMatchObject({ error });
    expect(await lineage(decodeJwt(first.access_token).claims.gid)).toBe(1);
    await refreshed(first.refresh_token, { resource: `${resource}/` });
  });

  describe('for days', () => {
    const day = 24 * 60 * 60;
    /** Makes a grant older, as its tokens know it. */
    const age = async (gid: unknown, seconds: number) => {
      await dataSource.query(
        `UPDATE auth.oauth_grant SET expires_at = expires_at - make_interval(secs => $2),
           payload = jsonb_set(payload, '{exp}', to_jsonb((payload->>'exp')::int - $2::int)) WHERE id = $1`,
        [gid, seconds],
      );
      await dataSource.query(
        `UPDATE auth.refresh_token SET payload = jsonb_set(payload, '{iiat}', to_jsonb((payload->>'iiat')::int - $2::int))
         WHERE grant_id = $1`,
        [gid, seconds],
      );
    };
    /** In how many days the newest token of a grant ends if nobody uses it. */
    const daysLeft = async (gid: unknown) => {
      const [row] = await dataSource.query<{ days: number }[]>(
        `SELECT extract(epoch FROM expires_at - now())::float8 / ${day} AS days FROM auth.refresh_token
         WHERE grant_id = $1 ORDER BY created_at DESC LIMIT 1`,
        [gid],
      );
      return row?.days;
    };

    it('lives 30 days from each use, and no more than 90 from the first', async () => {
      let token = await client.obtainTokens();
      const { gid } = decodeJwt(token.access_token).claims;
      expect(await daysLeft(gid)).toBeCloseTo(30, 1);
      token = await refreshed(token.refresh_token);
      expect(await daysLeft(gid)).toBeCloseTo(30, 1);
      await age(gid, 70 * day);
      token = await refreshed(token.refresh_token);
      expect(await daysLeft(gid)).toBeCloseTo(20, 1);
      await age(gid, 20 * day - 100);
      token = await refreshed(token.refresh_token);
      // Not even the access token outlives the grant.
      const { exp, iat } = decodeJwt(token.access_token).claims;
      expect(Number(exp) - Number(iat)).toBeLessThanOrEqual(100);
      expect(token.expires_in).toBeLessThanOrEqual(100);
      await age(gid, 100);
      expect(jsonOf(await client.refresh(token.refresh_token))).toMatchObject({ error: 'invalid_grant' });
    });

    it('ends when nobody used it for 30 days', async () => {
      const token = await client.obtainTokens();
      const { gid } = decodeJwt(token.access_token).claims;
      await dataSource.query(
        `UPDATE auth.refresh_token SET expires_at = expires_at - interval '30 days' WHERE grant_id = $1`,
        [gid],
      );
      expect(jsonOf(await client.refresh(token.refresh_token))).toMatchObject({ error: 'invalid_grant' });
    });
  });

  describe('by a client that was challenged and would only refresh', () => {
    beforeAll(async () => {
      await dataSource.query(
        `INSERT INTO auth.resource_scope (tenant_id, scope, server, version) VALUES ('default', 'files:write', 'files', 'v')`,
      );
      // Each replica's view of the rows is a second old at most.
      await new Promise((resolve) => setTimeout(resolve, 1_050));
    });
    const obtain = async (scope = 'mcp') => {
      const tokens = await client.obtainTokens({ scope });
      return { tokens, gid: String(decodeJwt(tokens.access_token).claims.gid) };
    };
    const mark = (grantId: string, more: Partial<StepUpRequest> = {}) => {
      const { oauthClientId } = client;
      const scopes = ['mcp', 'files:write'];
      const hierarchy = new ScopeHierarchy(['*:admin > *:write']);
      return markForStepUp(dataSource, hierarchy, { tenant: 'default', grantId, oauthClientId, scopes, ...more });
    };

    it('is refused once out of 15 parallel ones; the token is not consumed and its family lives', async () => {
      const { tokens, gid } = await obtain();
      expect(await mark(gid)).toBe(true);
      const answers = await Promise.all(Array.from({ length: 15 }, () => client.refresh(tokens.refresh_token)));
      const refused = answers.filter(({ status }) => status !== 200);
      expect(refused.map((answer) => [answer.status, jsonOf(answer)])).toEqual([
        [400, expect.objectContaining({ error: 'invalid_grant' })],
      ]);
      const successors = answers
        .filter(({ status }) => status === 200)
        .map((answer) => (jsonOf(answer) as TokenAnswer).refresh_token);
      expect([successors.length, new Set(successors).size, await lineage(gid)]).toEqual([14, 1, 2]);
      await refreshed(successors[0] ?? '');
      const rows = await dataSource.query(
        `SELECT type, outcome, details->>'detail' AS detail FROM auth.audit_row
         WHERE oauth_client_id = $1 AND (details->>'gid' = $2 OR type = 'token.refused') AND type <> 'token.issued'
         ORDER BY id DESC LIMIT 2`,
        [client.oauthClientId, gid],
      );
      expect(rows).toEqual([
        { type: 'token.refused', outcome: 'failure', detail: 'the client has to ask for more scopes' },
        { type: 'grant.step_up_asked', outcome: 'success', detail: null },
      ]);
    });

    it('is answered as ever when a minute has passed', async () => {
      const { tokens, gid } = await obtain();
      expect(await mark(gid)).toBe(true);
      await dataSource.query(
        `UPDATE auth.oauth_grant SET step_up_until = step_up_until - interval '60 seconds' WHERE id = $1`,
        [gid],
      );
      await refreshed(tokens.refresh_token);
    });

    it('is refused once in ten minutes, however often the client is challenged', async () => {
      const { tokens, gid } = await obtain();
      expect(await mark(gid)).toBe(true);
      expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
      expect(await mark(gid)).toBe(false);
      await refreshed(tokens.refresh_token);
      await dataSource.query(
        `UPDATE auth.oauth_grant SET step_up_asked_at = step_up_asked_at - interval '10 minutes' WHERE id = $1`,
        [gid],
      );
      expect(await mark(gid)).toBe(true);
    });

    it('is refused although the hierarchy adds a scope to those of the token that no server brought', async () => {
      const { tokens, gid } = await obtain();
      const scopes = ['mcp', 'files:admin', 'files:write', 'notes:admin', 'notes:write'];
      await dataSource.query(
        `INSERT INTO auth.resource_scope (tenant_id, scope, server, version) VALUES
           ('default', 'files:admin', 'files', 'v'), ('default', 'notes:admin', 'notes', 'v')`,
      );
      expect(await mark(gid, { scopes: [...scopes, 'nobody:read'] })).toBe(false);
      expect(await mark(gid, { scopes })).toBe(true);
      expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
    });

    it.each<[string, string, Partial<StepUpRequest>]>([
      ['it has the scopes', 'mcp files:write', {}],
      ['nobody knows one of the scopes', 'mcp', { scopes: ['mcp', 'files:write', 'nobody:write'] }],
      ['no scope is missing', 'mcp', { scopes: [] }],
      ['the report names another client', 'mcp', { oauthClientId: 'another' }],
      ['the report is of another tenant', 'mcp', { tenant: 'another' }],
    ])('is answered as ever when %s', async (_what, scope, more) => {
      const { tokens, gid } = await obtain(scope);
      expect(await mark(gid, more)).toBe(false);
      await refreshed(tokens.refresh_token);
    });
  });

  it('answers more grants at once than it has connections: a request never holds one and waits for another', async () => {
    const tokens: TokenAnswer[] = [];
    for (let count = 0; count < 30; count++) tokens.push(await client.obtainTokens());
    const answers = await Promise.all(tokens.map((token) => client.refresh(token.refresh_token)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  it("refuses another client's token and leaves it alive", async () => {
    const first = await client.obtainTokens();
    const thief = await McpClient.register(replicas);
    expect(jsonOf(await thief.refresh(first.refresh_token))).toMatchObject({ error: 'invalid_grant' });
    await refreshed(first.refresh_token);
  });

  it('keeps neither tokens nor codes in the database, only what cannot be presented', async () => {
    const code = await client.obtainCode();
    const { refresh_token: first } = jsonOf(await client.redeem(code)) as TokenAnswer;
    const { refresh_token: second } = await refreshed(first);
    const tables = ['refresh_token', 'provider_record', 'oauth_grant', 'outbox', 'audit_row'];
    const dumps = await Promise.all(
      tables.map((table) => dataSource.query<{ row: string }[]>(`SELECT t::text AS row FROM auth.${table} t`)),
    );
    const everything = dumps.flat().map(({ row }) => row);
    expect(everything.length).toBeGreaterThan(5);
    for (const secret of [code, first, second]) {
      const hex = Buffer.from(secret).toString('hex');
      expect(everything.filter((row) => row.includes(secret) || row.includes(hex))).toEqual([]);
    }
  });
});

describe('a grace window of zero', () => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await startReplicas(2, { AUTH_REFRESH_GRACE_SECONDS: '0' });
  });
  afterAll(() => replicas.stop());

  it('ends the grant at the first reuse', async () => {
    const client = await McpClient.register(replicas);
    const first = await client.obtainTokens();
    const second = jsonOf(await client.refresh(first.refresh_token)) as TokenAnswer;
    expect((await client.refresh(first.refresh_token)).status).toBe(400);
    expect((await client.refresh(second.refresh_token)).status).toBe(400);
  });
});
