import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { jsonOf } from './http.ts';
import { decodeJwt, McpClient, resource } from './mcp-client.ts';
import type { TokenAnswer } from './mcp-client.ts';
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
