import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { callback, McpClient } from '../../../test/support/authorization/mcp-client.ts';
import { begin, post, show } from '../../../test/support/authorization/pages.ts';
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

  it('has a row for the resume step of a login that another browser began, and none for one that is over', async () => {
    const page = await begin(new Browser(replicas), client);
    const resume = page.url.href.replace('/interaction/', '/auth/');
    const written = await rows('interaction.refused');
    expect((await show(new Browser(replicas), resume)).status).toBe(400);
    expect((await show(new Browser(replicas), '/auth/nothing')).status).toBe(400);
    const added = (await rows('interaction.refused')).slice(written.length);
    expect(added).toMatchObject([{ outcome: 'failure', reason: 'other_browser' }]);
  });

  it('has a row for an authorization request of an unknown client', async () => {
    const nobody = McpClient.of(replicas, 'nobody');
    expect((await begin(new Browser(replicas), nobody)).status).toBe(400);
    const details = { requestedClientId: 'nobody', redirectUri: callback, detail: 'client not found' };
    expect((await rows('authorization.refused')).at(-1)).toMatchObject({
      reason: 'invalid_client',
      oauth_client_id: null,
      details,
    });
  });

  it('has a row for a redirect URI that its client never registered', async () => {
    const redirectUri = 'https://evil.example/';
    expect((await begin(new Browser(replicas), client, { redirect_uri: redirectUri })).status).toBe(400);
    const [row] = await rows('authorization.refused', client);
    expect(row).toMatchObject({ outcome: 'failure', reason: 'invalid_redirect_uri', details: { redirectUri } });
  });

  it('has a row for a redirect URI that is cut in the middle of a character', async () => {
    const redirectUri = `https://evil.example/${'\u{1f600}'.repeat(1_200)}`;
    const before = await rows('authorization.refused');
    expect((await begin(new Browser(replicas), client, { redirect_uri: redirectUri })).status).toBe(400);
    const added = (await rows('authorization.refused')).slice(before.length);
    expect(added).toMatchObject([{ reason: 'invalid_redirect_uri' }]);
    expect(added[0]?.details?.['redirectUri']).toMatch(/^https:\/\/evil\.example\/.*\ufffd$/u);
  });

  it('has no row for an authorization request that is refused to its client', async () => {
    const before = await rows('authorization.refused');
    const { url } = await begin(new Browser(replicas), client, { prompt: 'none' });
    expect(url.href).toMatch(/^http:\/\/127\.0\.0\.1:33418\/callback\?error=login_required/);
    expect(await rows('authorization.refused')).toEqual(before);
  });

  it('has a row for what is refused at the authorization endpoint before anything is looked at', async () => {
    expect((await begin(new Browser(replicas), client, { state: 'a\0b' })).status).toBe(400);
    const details = { detail: 'a parameter holds a NUL character' };
    expect((await rows('authorization.refused')).at(-1)).toMatchObject({ reason: 'invalid_request', details });
  });

  it.each([
    ['a NUL', 'grant_type=refresh_token&refresh_token=a%00b', 400, 'a parameter holds a NUL character'],
    ['too much', `grant_type=${'a'.repeat(56 * 1_024)}`, 413, 'the body exceeds 57344 bytes'],
  ])('has one row for a token request with %s', async (_what, form, status, detail) => {
    const before = await rows('token.refused');
    expect((await client.postForm('/token', form)).status).toBe(status);
    const added = (await rows('token.refused')).slice(before.length);
    expect(added).toMatchObject([{ reason: 'invalid_request', details: { detail } }]);
  });

  it('has one row for a token request that the provider refuses', async () => {
    const refused = await McpClient.register(replicas);
    expect((await refused.refresh('guessed')).status).toBe(400);
    expect(await rows('token.refused', refused)).toHaveLength(1);
  });

  it.each([
    ['to whoever asks for an answer', 'application/json'],
    ['to a browser', 'text/html'],
  ])('has a row for a registration that is refused %s', async (_whom, accept) => {
    const before = await rows('client.refused');
    const headers = { accept, 'content-type': 'application/json' };
    const body = JSON.stringify({ redirect_uris: [callback], token_endpoint_auth_method: 'private_key_jwt' });
    expect((await replicas.send('/reg', { method: 'POST', headers, body })).status).toBe(400);
    const added = (await rows('client.refused')).slice(before.length);
    expect(added).toMatchObject([{ reason: 'invalid_client_metadata', address: '127.0.0.1' }]);
  });

  it('has a row for an update that the policy refuses, which names the client', async () => {
    const before = await rows('client.refused');
    const body = JSON.stringify({ client_id: client.oauthClientId, redirect_uris: ['javascript:alert(1)'] });
    const headers = { authorization: 'Bearer guessed', 'content-type': 'application/json' };
    const answer = await replicas.send(`/reg/${client.oauthClientId}`, { method: 'PUT', headers, body });
    expect(answer.status).toBe(400);
    const added = (await rows('client.refused')).slice(before.length);
    const details = { requestedClientId: client.oauthClientId };
    expect(added).toMatchObject([{ reason: 'invalid_redirect_uri', details }]);
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

  describe('when it cannot be written', () => {
    beforeAll(async () => {
      await dataSource.query(
        `CREATE FUNCTION auth.no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$`,
      );
    });

    /** What is done while no row can be added. */
    const withoutRoom = async <T>(work: () => Promise<T>): Promise<T> => {
      await dataSource.query('CREATE TRIGGER no_room BEFORE INSERT ON auth.audit_row EXECUTE FUNCTION auth.no_room()');
      try {
        return await work();
      } finally {
        await dataSource.query('DROP TRIGGER no_room ON auth.audit_row');
      }
    };
    const count = async (table: string) =>
      (await dataSource.query<{ rows: number }[]>(`SELECT count(*)::int AS rows FROM auth.${table}`))[0]?.rows;

    it('keeps no registered client', async () => {
      const before = await count('oauth_client');
      await expect(withoutRoom(() => McpClient.register(replicas))).rejects.toThrow('registration answered 500');
      expect(await count('oauth_client')).toBe(before);
    });

    it('signs nobody in', async () => {
      const before = await count('known_browser');
      const browser = new Browser(replicas);
      const signIn = withoutRoom(() => browser.authorize(client.authorizationUrl()));
      await expect(signIn).rejects.toThrow('answered 500');
      expect(await count('known_browser')).toBe(before);
    });

    it('keeps no consent and no grant', async () => {
      const person = await McpClient.register(replicas);
      const browser = new Browser(replicas);
      await browser.authorize(person.authorizationUrl());
      const before = [await count('oauth_grant'), await count('consent')];
      const another = await McpClient.register(replicas);
      await expect(withoutRoom(() => browser.authorize(another.authorizationUrl()))).rejects.toThrow('answered 500');
      expect([await count('oauth_grant'), await count('consent')]).toEqual(before);
    });

    it('issues no token, and burns neither code nor refresh token', async () => {
      const person = await McpClient.register(replicas);
      const code = await person.obtainCode();
      expect((await withoutRoom(() => person.redeem(code))).status).toBe(500);
      const redeemed = await person.redeem(code);
      expect(redeemed.status).toBe(200);
      const { refresh_token: token } = JSON.parse(redeemed.text) as { refresh_token: string };
      expect((await withoutRoom(() => person.refresh(token))).status).toBe(500);
      const [row] = await dataSource.query<{ consumed_at: Date | null }[]>(
        'SELECT consumed_at FROM auth.refresh_token ORDER BY created_at DESC LIMIT 1',
      );
      expect(row?.consumed_at).toBeNull();
      expect((await person.refresh(token)).status).toBe(200);
    });

    it('revokes nothing, and says so', async () => {
      const person = await McpClient.register(replicas);
      const tokens = await person.obtainTokens();
      const form = { token: tokens.refresh_token, client_id: person.oauthClientId };
      expect((await withoutRoom(() => person.postForm('/token/revocation', form))).status).toBe(500);
      expect((await person.refresh(tokens.refresh_token)).status).toBe(200);
    });
  });
});
