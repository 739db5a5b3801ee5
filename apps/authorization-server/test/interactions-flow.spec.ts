import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAccount } from '../src/accounts/accounts.ts';
import { hashPassword } from '../src/accounts/password-hash.ts';
import type { DataSource } from 'typeorm';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { McpClient, decodeJwt, resource } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { begin, decide, isApprovalPage, isLoginPage, login } from '../../../test/support/authorization/pages.ts';
import type { Page } from '../../../test/support/authorization/pages.ts';
import { administrator, startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

const website = 'https://client.example/callback';
const loopback = 'http://127.0.0.1:33418/callback';

const state = 'state of the client';
const scope = 'mcp files:read files:write';

interface TestClient {
  mcpClient: McpClient;
  redirectUri: string;
}

// A password hash is meant to be slow, and the machine may have other things to do.
vi.setConfig({ testTimeout: 60_000 });

let replicas: Replicas;
let dataSource: DataSource;
let browser: Browser;

beforeAll(async () => {
  replicas = await startReplicas(2);
  dataSource = await replicas.database.open();
  await addScopes('1');
});

afterAll(() => replicas.stop());

beforeEach(() => {
  browser = new Browser(replicas);
});

describe('an authorization', () => {
  it('asks about the client first, then for the sign-in, then goes back with code, state and iss', async () => {
    const client = await register(loopback, 'Claude Code');
    const approval = await open(client);
    expect(isApprovalPage(approval)).toBe(true);
    const signIn = await decide(browser, approval);
    expect(isLoginPage(signIn)).toBe(true);
    const answer = await login(browser, signIn);
    const parameters = clientParameters(answer, loopback);
    expect(parameters).toEqual({ code: expect.any(String), state: state, iss: replicas.issuer });
    expect(await claimsOf(client, parameters.code ?? '')).toMatchObject({
      aud: 'http://localhost:3000/mcp',
      scope: 'mcp files:read files:write',
      tenant: 'default',
      roles: ['administrator'],
      sub: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('names the client, the host that gets the answer and the scopes in words, and warns of loopback', async () => {
    const client = await register(loopback, 'Claude Code');
    const { body } = await open(client);
    const text = body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
    expect(text).toContain('Connect Claude Code?');
    expect(text).toContain('127.0.0.1:33418 an application on this computer');
    expect(text).toContain('Nobody has verified the name “Claude Code”. Any program on this computer can use it');
    expect(text).toMatch(/connect .* files: read .* files: change/);
    expect(text).toContain('http://localhost:3000/mcp');
  });

  it('escapes what the client calls itself', async () => {
    const client = await register(loopback, `<script>alert(1)</script>"'&`);
    const { body } = await open(client);
    expect(body).not.toContain('<script');
    expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
  });

  it('fills in the e-mail that the client hints at, escaped', async () => {
    const client = await register(loopback);
    const page = await decide(browser, await open(client, { login_hint: '"><b>@example.com' }));
    expect(page.body).toContain('value="&quot;&gt;&lt;b&gt;@example.com"');
  });

  it.each(['approval', 'login'] as const)(
    'goes back with access_denied and iss when denied at the %s',
    async (step) => {
      const client = await register(loopback);
      const approval = await open(client);
      const page = step === 'approval' ? approval : await decide(browser, approval);
      const answer = await decide(browser, page, 'deny');
      expect(clientParameters(answer, loopback)).toEqual({
        error: 'access_denied',
        error_description: 'the request was denied',
        state: state,
        iss: replicas.issuer,
      });
      expect(await auditTypes(client)).toContain('consent.denied');
    },
  );

  it('shows the login again after a wrong password, with the e-mail and without the password', async () => {
    const client = await register(loopback);
    const page = await decide(browser, await open(client));
    const again = await login(browser, page, { email: 'someone@localhost', password: 'wr0ng passw0rd' });
    expect(again.status).toBe(422);
    expect(again.body).toContain('role="alert"');
    expect(again.body).toContain('value="someone@localhost"');
    expect(again.body).not.toContain('wr0ng passw0rd');
    expect((await login(browser, again)).url.href).toContain('code=');
  });

  it('gives the session another id at every login (no session fixation)', async () => {
    const client = await register(website);
    await authorize(client);
    const before = browser.cookie('gatehouse_session');
    const planted = browser.copy();
    const page = await open(client, { prompt: 'login' });
    expect(isLoginPage(page)).toBe(true);
    await login(browser, page);
    expect(before).toEqual(expect.any(String));
    expect(browser.cookie('gatehouse_session')).not.toBe(before);
    const stale = await open(client, { prompt: 'none' }, planted);
    expect(clientParameters(stale, website)).toMatchObject({ error: 'login_required' });
  });

  it('asks to sign in again when the account of the session is gone', async () => {
    const account = await addAccount();
    const client = await register(website);
    const first = await decide(browser, await open(client));
    expect(clientParameters(await login(browser, first, account), website)).toHaveProperty('code');
    await dataSource.query('DELETE FROM auth.account WHERE sub = $1', [account.sub]);
    const page = await decide(browser, await open(client));
    expect(isLoginPage(page)).toBe(true);
    expect(clientParameters(await login(browser, page), website)).toHaveProperty('code');
  });

  it('leaves its audit rows: login, consent, token', async () => {
    const client = await register(website);
    const answer = await login(browser, await decide(browser, await open(client)));
    await claimsOf(client, answer.url.searchParams.get('code') ?? '');
    expect(await auditTypes(client)).toEqual(['login.succeeded', 'consent.given', 'token.issued']);
    const [consent] = await dataSource.query<{ details: object; address: string; trace_id: string }[]>(
      `SELECT * FROM auth.audit_row WHERE oauth_client_id = $1 AND type = 'consent.given'`,
      [client.mcpClient.oauthClientId],
    );
    expect(consent).toMatchObject({
      address: '127.0.0.1',
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      details: {
        redirectUri: website,
        resource: 'http://localhost:3000/mcp',
        scopes: { mcp: '1', 'files:read': '1', 'files:write': '1' },
      },
    });
  });
});

describe('a stored consent', () => {
  let client: TestClient;

  beforeEach(async () => {
    client = await register(website);
    await authorize(client);
  });

  it('lets the same set pass without a page', async () => {
    expect(clientParameters(await open(client), website)).toHaveProperty('code');
    expect(await auditTypes(client)).toContain('consent.reused');
  });

  it('lets a part of the set pass without a page', async () => {
    const answer = await open(client, { scope: 'mcp files:read' });
    expect(clientParameters(answer, website)).toHaveProperty('code');
  });

  it('lets prompt=none pass', async () => {
    const answer = await open(client, { prompt: 'none' });
    expect(clientParameters(answer, website)).toHaveProperty('code');
  });

  it('grows by a step-up and keeps what was given before', async () => {
    await authorize(client, { scope: 'mcp files:publish' });
    const all = 'mcp files:read files:write files:publish';
    const answer = await open(client, { scope: all });
    expect(clientParameters(answer, website)).toHaveProperty('code');
  });

  it.each<[string, Record<string, string>]>([
    ['a scope that was not consented to', { scope: 'mcp files:read files:publish' }],
    ['prompt=consent', { prompt: 'consent' }],
    ['another resource', { resource: 'http://localhost:3000/mcp/files', scope: 'mcp files:read' }],
  ])('does not hold for %s', async (_case, parameters) => {
    expect(isApprovalPage(await open(client, parameters))).toBe(true);
  });

  it('does not hold for another client, not even one with the same name and redirect URI', async () => {
    const imitation = await register(website);
    expect(isApprovalPage(await open(imitation))).toBe(true);
  });

  it('does not hold for another account in the same browser', async () => {
    const account = await addAccount();
    const page = await open(client, { prompt: 'login' });
    const last = await login(browser, page, account);
    expect(isApprovalPage(last)).toBe(true);
    await decide(browser, last, 'deny');
    expect(isApprovalPage(await open(client))).toBe(true);
  });

  it('does not hold in a browser where nobody is signed in', async () => {
    const other = new Browser(replicas);
    expect(isApprovalPage(await open(client, {}, other))).toBe(true);
  });

  it('does not hold for a scope whose tools have changed since', async () => {
    await addScopes('2');
    try {
      expect(isApprovalPage(await open(client))).toBe(true);
    } finally {
      await addScopes('1');
    }
  });
});

describe('a client that anybody on the computer could be (RFC 8252 §8.6)', () => {
  it.each([loopback, 'http://localhost:1234/cb', 'cursor://anysphere.cursor-mcp/oauth/callback'])(
    'is asked about every time, without another login: %s',
    async (redirectUri) => {
      const client = await register(redirectUri);
      await authorize(client);
      const page = await open(client);
      expect(isApprovalPage(page)).toBe(true);
      expect(page.body).toContain('You approved this application before');
      expect(page.body).toContain(administrator.email);
      expect(clientParameters(await decide(browser, page), redirectUri)).toHaveProperty('code');
    },
  );

  it('is asked about again on another loopback port, as one that was approved before', async () => {
    const client = await register(loopback);
    await authorize(client);
    const page = await open(client, { redirect_uri: 'http://127.0.0.1:5/callback' });
    expect(page.body).toContain('You approved this application before');
    expect(page.body).toContain('127.0.0.1:5');
  });

  it('gets consent_required, never a code, for prompt=none', async () => {
    const client = await register(loopback);
    await authorize(client);
    const answer = await open(client, { prompt: 'none' });
    expect(clientParameters(answer, loopback)).toMatchObject({ error: 'consent_required', iss: replicas.issuer });
  });
});

describe('prompt=none (OpenID Connect Core 1.0 §3.1.2.6)', () => {
  it('answers login_required when nobody is signed in', async () => {
    const client = await register(website);
    const answer = await open(client, { prompt: 'none' });
    expect(clientParameters(answer, website)).toMatchObject({ error: 'login_required', iss: replicas.issuer });
  });

  it('answers consent_required when somebody is signed in who has not consented', async () => {
    await authorize(await register(website));
    const client = await register(website);
    const answer = await open(client, { prompt: 'none' });
    expect(clientParameters(answer, website)).toMatchObject({ error: 'consent_required', iss: replicas.issuer });
  });
});

describe('what differs from the approval', () => {
  it('is asked about once more when another account signs in than the page named', async () => {
    const account = await addAccount();
    await authorize(await register(website));
    const client = await register(website);
    const approval = await open(client, { prompt: 'login' });
    expect(approval.body).toContain(administrator.email);
    const last = await login(browser, await decide(browser, approval), account);
    expect(isApprovalPage(last)).toBe(true);
    expect(last.body).toContain('differs from what was approved');
    expect(last.body).toContain(account.email);
    const { code } = clientParameters(await decide(browser, last), website);
    expect(await claimsOf(client, code ?? '')).toMatchObject({ sub: account.sub });
  });

  it('is asked about once more when a scope came to mean something else during the login', async () => {
    const client = await register(website);
    const page = await decide(browser, await open(client));
    await addScopes('2');
    try {
      const last = await login(browser, page);
      expect(last.body).toContain('differs from what was approved');
      expect(clientParameters(await decide(browser, last), website)).toHaveProperty('code');
    } finally {
      await addScopes('1');
    }
  });

  it('is asked about from the start when the approval is older than ten minutes', async () => {
    const client = await register(website);
    const page = await decide(browser, await open(client));
    await dataSource.query(
      `UPDATE auth.client_approval SET expires_at = now() - interval '1 second' WHERE oauth_client_id = $1`,
      [client.mcpClient.oauthClientId],
    );
    expect(isApprovalPage(await login(browser, page))).toBe(true);
  });
});

describe('using another account', () => {
  it('ends the session and comes back to the same page without a name', async () => {
    const account = await addAccount();
    await authorize(await register(website));
    const client = await register(website);
    const approval = await open(client);
    const nameless = await decide(browser, approval, 'other-account');
    expect(nameless.url).toEqual(approval.url);
    expect(nameless.body).not.toContain(administrator.email);
    const answer = await login(browser, await decide(browser, nameless), account);
    expect(clientParameters(answer, website)).toHaveProperty('code');
    expect(await auditTypes(client)).toEqual(['session.ended', 'login.succeeded', 'consent.given']);
  });
});

async function register(redirectUri: string, name = 'Test client'): Promise<TestClient> {
  const mcpClient = await McpClient.register(replicas, { client_name: name, redirect_uris: [redirectUri] });
  return { mcpClient, redirectUri };
}

/** The page that an authorization request begins with, or the answer to the client. */
function open(client: TestClient, parameters: Record<string, string> = {}, inBrowser = browser): Promise<Page> {
  return begin(inBrowser, client.mcpClient, { redirect_uri: client.redirectUri, scope, ...parameters });
}

/** A whole authorization, with login where it is asked for. */
async function authorize(client: TestClient, parameters: Record<string, string> = {}): Promise<void> {
  const next = await decide(browser, await open(client, parameters));
  const answer = isLoginPage(next) ? await login(browser, next) : next;
  expect(clientParameters(answer, client.redirectUri)).toHaveProperty('code');
}

async function claimsOf({ mcpClient, redirectUri }: TestClient, code: string): Promise<Record<string, unknown>> {
  const answer = await mcpClient.redeem(code, { redirect_uri: redirectUri, resource });
  return decodeJwt((jsonOf(answer) as TokenAnswer).access_token).claims;
}

/** The query parameters with which the browser reached the client. */
function clientParameters(answer: Page, redirectUri: string): Record<string, string | undefined> {
  expect(answer.status).toBe(303);
  expect(answer.url.href.split('?')[0]).toBe(redirectUri);
  return Object.fromEntries(answer.url.searchParams);
}

async function auditTypes(client: TestClient): Promise<string[]> {
  const rows = await dataSource.query<{ type: string }[]>(
    `SELECT type FROM auth.audit_row WHERE oauth_client_id = $1 AND type <> 'client.registered' ORDER BY id`,
    [client.mcpClient.oauthClientId],
  );
  return rows.map(({ type }) => type);
}

async function addAccount(): Promise<{ sub: string; email: string; password: string }> {
  const email = `${randomUUID()}@example.com`;
  const passwordHash = await hashPassword('another password');
  const account = { tenantId: 'default', email, passwordHash, roles: [] };
  const { sub } = await createAccount(dataSource.manager, account);
  return { sub, email, password: 'another password' };
}

/** Makes the scopes of a files server known, as the catalog would, and waits until every replica has seen them. */
async function addScopes(version: string): Promise<void> {
  await dataSource.query(
    `INSERT INTO auth.protected_resource (tenant_id, server) VALUES ('default', 'files') ON CONFLICT DO NOTHING`,
  );
  for (const scope of ['files:read', 'files:write', 'files:publish']) {
    await dataSource.query(
      `INSERT INTO auth.resource_scope (tenant_id, scope, server, version) VALUES ('default', $1, 'files', $2)
       ON CONFLICT (tenant_id, scope) DO UPDATE SET version = excluded.version`,
      [scope, version],
    );
  }
  if (version === '1') await new Promise((resolve) => setTimeout(resolve, 1_100));
}
