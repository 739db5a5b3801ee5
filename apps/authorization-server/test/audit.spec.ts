import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { Browser } from './browser.ts';
import { McpClient } from './mcp-client.ts';
import { begin, post, show } from './pages.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

interface Row {
  outcome: string;
  reason: string;
  oauth_client_id: string | null;
  address: string;
  trace_id: string;
  details: Record<string, unknown> | null;
}

describe('the audit of refused requests, over two replicas', () => {
  let replicas: Replicas;
  let dataSource: DataSource;
  let client: McpClient;

  beforeAll(async () => {
    replicas = await startReplicas(2);
    dataSource = await replicas.database.open();
    client = await McpClient.register(replicas);
  });
  afterAll(() => replicas.stop());

  const rows = (type: string, of?: McpClient) =>
    dataSource.query<Row[]>(
      `SELECT outcome, reason, oauth_client_id, address, trace_id, details FROM auth.audit_row
       WHERE type = $1 AND ($2::text IS NULL OR oauth_client_id = $2) ORDER BY id`,
      [type, of?.oauthClientId ?? null],
    );
  const refusal = (reason: string, more: Partial<Row> = {}) => ({
    outcome: 'failure',
    reason,
    oauth_client_id: null,
    address: '127.0.0.1',
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    details: null,
    ...more,
  });

  it('has a row for a form with a forged token', async () => {
    const browser = new Browser(replicas);
    const page = await begin(browser, client);
    expect((await post(browser, page, { form_token: 'forged', decision: 'approve' })).status).toBe(403);
    expect(await rows('form.refused')).toEqual([refusal('forged_token', { oauth_client_id: client.oauthClientId })]);
  });

  it('has a row for the interaction of another browser', async () => {
    const page = await begin(new Browser(replicas), client);
    expect((await show(new Browser(replicas), page.url.href)).status).toBe(400);
    expect(await rows('interaction.refused')).toEqual([refusal('other_browser')]);
  });

  it('has a row for a foreign Host', async () => {
    const answer = await replicas.send('/jwks', { headers: { host: 'evil.example' } });
    expect(answer.status).toBe(421);
    const row = refusal('foreign_host', { details: { host: 'evil.example' } });
    await expect.poll(() => rows('request.refused'), { timeout: 5_000 }).toEqual([row]);
  });

  it.each(['introspection', 'revocation'])(
    'has a row for a client that fails to authenticate at %s',
    async (endpoint) => {
      const form = { token: 'a', client_id: 'nobody', client_secret: 'guessed' };
      expect((await client.postForm(`/token/${endpoint}`, form)).status).toBe(401);
      const written = (await rows('client_authentication.failed')).at(-1);
      expect(written).toEqual(refusal('invalid_client', { details: { endpoint, detail: 'client not found' } }));
    },
  );

  it('has a row for a client that presents a wrong registration access token', async () => {
    const headers = { authorization: 'Bearer guessed' };
    expect((await replicas.send(`/reg/${client.oauthClientId}`, { headers })).status).toBe(401);
    expect((await rows('client_authentication.failed')).at(-1)).toMatchObject({ details: { endpoint: 'client' } });
  });

  it('is not filled by a flood: what is refused 300 times in a minute is few rows, which tell how often', async () => {
    const flooding = await McpClient.register(replicas);
    for (let count = 0; count < 300; count++) {
      expect((await flooding.refresh('guessed')).status).toBe(400);
    }
    const written = await rows('token.refused', flooding);
    // Each of two replicas counts its own 150, unless the minute ends in between.
    expect(written.length).toBeGreaterThanOrEqual(22);
    expect(written.length).toBeLessThanOrEqual(44);
    expect(written.map(({ details }) => details?.['countInMinute'])).toContain(100);
  });

  it('never leaves out what changed something', async () => {
    const busy = await McpClient.register(replicas);
    let { refresh_token: token } = await busy.obtainTokens();
    for (let count = 0; count < 25; count++) {
      const answer = await busy.refresh(token);
      ({ refresh_token: token } = JSON.parse(answer.text) as { refresh_token: string });
    }
    expect(await rows('token.issued', busy)).toHaveLength(26);
  });
});
