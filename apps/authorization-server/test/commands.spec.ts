import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { callback, McpClient } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { begin, isApprovalPage } from '../../../test/support/authorization/pages.ts';
import { lockAccount } from '../src/accounts/lock-account.ts';
import { duringTransaction } from './during-transaction.ts';
import { Operator } from './operator.ts';
import { administrator, startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

const secret = 'a-secret-of-at-least-thirty-two-characters';
const actor = expect.stringMatching(/^operator:./) as string;

describe('the commands of an operator, beside a running server', () => {
  let replicas: Replicas;
  let dataSource: DataSource;
  let operator: Operator;
  let folder: string;

  beforeAll(async () => {
    replicas = await startReplicas(1, { AUTH_KEY_SET_MAX_AGE_SECONDS: '86400', AUTH_SIGNING_KEY_DAYS: '0' });
    dataSource = await replicas.database.open();
    operator = new Operator(replicas, { AGENT_SECRET: secret, NEW_PASSWORD: 'staple battery horse' });
    folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-commands-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await replicas.stop();
  });

  const audit = (...filter: string[]) => operator.read('audit', 'list', ...filter);
  const signIn = (email: string, password: string) => {
    const client = McpClient.register(replicas);
    return client.then((registered) =>
      new Browser(replicas).authorize(registered.authorizationUrl(), { email, password }),
    );
  };
  const isLive = async (token: string, client: McpClient) => {
    const answer = await client.postForm('/token/introspection', { token, client_id: client.oauthClientId });
    return (jsonOf(answer) as { active: boolean }).active;
  };

  describe('keys', () => {
    const idOf = async (state: string) =>
      (await operator.read('keys', 'list')).find((key) => key['state'] === state)?.['id'];

    it('are listed with their states', async () => {
      expect(await operator.do('keys', 'list')).toEqual([
        expect.stringMatching(new RegExp(`^${String(await idOf('active'))}  active  published for \\d+ s$`)),
        expect.stringMatching(new RegExp(`^${String(await idOf('next'))}  next  published for \\d+ s$`)),
      ]);
    });

    it('are brought forward by the servers alone, whose settings no command knows', async () => {
      const present = await operator.read('keys', 'list');
      const file = path.join(folder, 'nothing.yaml');
      writeFileSync(file, 'version: 1\n');
      // An exchange is due by the defaults of the settings, and not by those of this server.
      await dataSource.query(
        `UPDATE auth.signing_key SET activated_at = activated_at - interval '40 days', created_at = created_at - interval '1 hour'`,
      );
      for (const words of [['clients', 'list'], ['export'], ['apply', file, '--dry-run'], ['apply', file]]) {
        await operator.do(...words);
      }
      const after = await operator.read('keys', 'list');
      const shown = (keys: Record<string, unknown>[]) => keys.map(({ id, state }) => [id, state]);
      expect(shown(after)).toEqual(shown(present));
    });

    it('are exchanged, and when is said', async () => {
      const [line] = await operator.do('keys', 'rotate');
      expect(line).toMatch(/^The next key takes over when every .* AUTH_KEY_SET_MAX_AGE_SECONDS .* for \d+ s\.$/);
      expect((await operator.do('keys', 'list')).join('\n')).toContain('to be exchanged');
    });

    it('are revoked, and who signs and how long its tokens may still be taken is said', async () => {
      const [active, next] = [String(await idOf('active')), String(await idOf('next'))];
      expect(await operator.do('keys', 'revoke', active)).toEqual([
        `The key ${active} is revoked, ${next} signs.`,
        'Gateways refuse its tokens within a second, other resource servers when they fetch the key set again, at most the AUTH_KEY_SET_MAX_AGE_SECONDS of the servers later.',
      ]);
      expect(await idOf('active')).toBe(next);
      expect(await audit('--type', 'signing_key.revoked')).toMatchObject([{ actor, details: { kid: active } }]);
    });

    it('that do not exist are not revoked, and none is made beside keys that do not open', async () => {
      const refused = await operator.run(['keys', 'revoke', 'unknown']);
      expect(refused).toMatchObject({
        exitCode: 1,
        complaint: 'There is no signing key unknown: `keys list` shows them.',
      });
      const active = String(await idOf('active'));
      const environment = { ...replicas.environment, GATEHOUSE_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') };
      const stranger = new Operator({ ...replicas, environment });
      expect((await stranger.run(['keys', 'revoke', active])).complaint).toMatch(/does not open the keys stored/);
      expect(await idOf('active')).toBe(active);
    });
  });

  describe('clients', () => {
    it('are registered with a secret that is made up and shown once', async () => {
      const named = ['clients', 'create', '--id', 'reports', '--name', 'Reports'];
      const registration = [...named, '--redirect-uri', callback, '--auth-method', 'client_secret_post'];
      const [said, told] = await operator.do(...registration);
      expect(said).toBe('The client reports is registered.');
      const made = told?.split(': ')[1] ?? '';
      expect(made).toMatch(/^[\w-]{43}$/);
      expect(JSON.stringify(await audit('--client', 'reports'))).not.toContain(made);
      const tokens = await obtainWith('reports', { client_secret: made });
      expect(tokens.status).toBe(200);
    });

    it('exchange their secret for one that is named by reference, and the former is good for a while', async () => {
      const lines = await operator.do(
        'clients',
        'rotate-secret',
        'reports',
        '--secret',
        'env:AGENT_SECRET',
        '--overlap',
        '0',
      );
      expect(lines).toEqual(['The secret of reports is exchanged.']);
      expect((await obtainWith('reports', { client_secret: secret })).status).toBe(200);
      expect((await obtainWith('reports', { client_secret: 'the former one, which nobody knows' })).status).toBe(401);
      expect(await audit('--type', 'client.secret_rotated')).toMatchObject([{ actor, clientId: 'reports' }]);
    });

    it('are changed in what is named', async () => {
      expect(await operator.do('clients', 'update', 'reports', '--name', 'Monthly reports')).toEqual([
        'The client reports is changed.',
      ]);
      expect(await operator.do('clients', 'update', 'reports', '--name', 'Monthly reports')).toEqual([
        'The client reports is as it was.',
      ]);
      expect(await operator.read('clients', 'show', 'reports')).toMatchObject([
        {
          client_id: 'reports',
          client_name: 'Monthly reports',
          redirect_uris: [callback],
          registration: 'pre-registered',
        },
      ]);
      expect((await operator.read('clients', 'list')).map((client) => client['client_id'])).toEqual(['reports']);
    });

    it('are deleted with their grants', async () => {
      const tokens = jsonOf(await obtainWith('reports', { client_secret: secret })) as TokenAnswer;
      expect(await operator.do('clients', 'delete', 'reports')).toEqual([
        'The client reports is deleted with its grants.',
      ]);
      const refused = await McpClient.of(replicas, 'reports').refresh(tokens.refresh_token, { client_secret: secret });
      expect(refused.status).toBe(401);
      expect(await audit('--type', 'client.deleted')).toMatchObject([{ actor, clientId: 'reports' }]);
    });

    it.each([
      [['create', '--name', 'A'], 2, 'Wrong usage: --redirect-uri is missing; --help shows how it is called.'],
      [
        ['create', '--name', 'A', '--redirect-uri', 'http://evil.example/'],
        1,
        'redirect_uris: each may use http on a loopback address only.',
      ],
      [
        ['create', '--name', 'A', '--redirect-uri', callback, '--secret', secret],
        2,
        'Wrong usage: --secret must be a reference, env:<NAME> or file:<path>, and never the secret itself; --help shows how it is called.',
      ],
      [['show', 'nobody'], 1, 'There is no registered client nobody.'],
      [['delete', 'nobody'], 1, 'There is no registered client nobody.'],
      [['update', 'nobody', '--name', 'A'], 1, 'There is no pre-registered client nobody.'],
    ])('are refused in one sentence: %j', async (words, exitCode, complaint) => {
      expect(await operator.run(['clients', ...words])).toEqual({ exitCode, lines: [], complaint });
    });
  });

  describe('initial access tokens', () => {
    it('are made, listed and taken back', async () => {
      const [said, told] = await operator.do(
        'initial-access-tokens',
        'create',
        '--for',
        'the build farm',
        '--days',
        '3',
      );
      const id = /^The token (\S+) is made for 3 days\.$/.exec(said ?? '')?.[1] ?? '';
      const listed = await operator.read('initial-access-tokens', 'list');
      expect(listed).toMatchObject([{ id, label: 'the build farm', usedAt: null }]);
      expect(JSON.stringify(listed)).not.toContain(told?.split(': ')[1]);
      expect(await operator.do('initial-access-tokens', 'revoke', id)).toEqual([`The token ${id} is taken back.`]);
      expect(await operator.read('initial-access-tokens', 'list')).toEqual([]);
      expect((await operator.run(['initial-access-tokens', 'revoke', id])).exitCode).toBe(1);
      const types = (await audit('--type', 'initial_access_token.*')).map((row) => [row['type'], row['actor']]);
      expect(types).toEqual([
        ['initial_access_token.created', actor],
        ['initial_access_token.revoked', actor],
      ]);
    });
  });

  describe('accounts', () => {
    const email = 'grace@example.com';

    it('are made with a password that is typed, never among the parameters', async () => {
      const made = await operator.run(['accounts', 'create', email], 'a long enough password');
      expect(made.lines[0]).toMatch(/^The account grace@example\.com \([\w-]{36}\) is made\.$/);
      expect((await signIn(email, 'a long enough password')).searchParams.has('code')).toBe(true);
      expect(await audit('--type', 'account.created')).toContainEqual(expect.objectContaining({ actor }));
    });

    it.each([
      [['create', 'GRACE@example.com'], 'a long enough password', 1, 'There is an account GRACE@example.com already.'],
      [['create', 'ada@example.com'], 'short', 1, 'The password must be one line of 8 to 1024 characters.'],
      [['create', 'nobody'], '', 2, expect.stringMatching(/^Wrong usage: the e-mail must be an e-mail address/)],
      [['disable', 'nobody@example.com'], '', 1, 'There is no account nobody@example.com: `accounts list` shows them.'],
      [
        ['disable', administrator.email],
        '',
        1,
        `${administrator.email} is the last administrator: make another one first.`,
      ],
      [
        ['set-roles', administrator.email],
        '',
        1,
        `${administrator.email} is the last administrator: make another one first.`,
      ],
      [['set-roles', email, '--role', 'root'], '', 2, expect.stringMatching(/there is no role root/)],
    ])('are refused in one sentence: %j', async (words, typed, exitCode, complaint) => {
      const answer = await operator.run(['accounts', ...words], typed);
      expect(answer).toMatchObject({ exitCode, lines: [] });
      expect(answer.complaint).toEqual(complaint);
    });

    it('that are disabled have no tokens and no sessions, and nobody signs in', async () => {
      const { client, tokens } = await obtainAs(email, 'a long enough password');
      expect(await isLive(tokens.access_token, client)).toBe(true);
      await operator.do('accounts', 'disable', email);
      expect(await isLive(tokens.access_token, client)).toBe(false);
      expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
      await expect(signIn(email, 'a long enough password')).rejects.toThrow(/answered 4\d\d|never end/);
      expect(await audit('--type', 'account.disabled')).toMatchObject([
        { actor, traceId: expect.stringMatching(/^\w{32}$/) as string },
      ]);
    });

    it('that are enabled again sign in again', async () => {
      expect(await operator.do('accounts', 'enable', email)).toEqual([`${email} may sign in again.`]);
      expect((await signIn(email, 'a long enough password')).searchParams.has('code')).toBe(true);
    });

    it('get another password, by reference too, and their sessions end', async () => {
      await operator.do('accounts', 'set-password', email, '--password', 'env:NEW_PASSWORD');
      await expect(signIn(email, 'a long enough password')).rejects.toThrow(/answered 4\d\d|never end/);
      expect((await signIn(email, 'staple battery horse')).searchParams.has('code')).toBe(true);
      expect(await audit('--type', 'account.password_set')).toMatchObject([{ actor, outcome: 'success' }]);
    });

    it('are signed out everywhere', async () => {
      const { client, tokens } = await obtainAs(email, 'staple battery horse');
      const [line] = await operator.do('accounts', 'sign-out', email);
      expect(line).toMatch(/^grace@example\.com is signed out of \d+ browsers?, and its tokens have ended\.$/);
      expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
    });

    it('are listed with roles and state', async () => {
      await operator.do('accounts', 'set-roles', email, '--role', 'administrator');
      expect(await operator.read('accounts', 'list')).toMatchObject([
        { email: administrator.email, roles: ['administrator'], totp: false, disabled: null },
        { email, roles: ['administrator'] },
      ]);
      expect(await operator.do('accounts', 'reset-totp', email)).toEqual([`${email} has no authenticator app.`]);
    });
  });

  describe('grants', () => {
    it('are listed, and end by name, by client and by account', async () => {
      const first = await McpClient.register(replicas);
      const tokens = [await first.obtainTokens(), await first.obtainTokens(), await first.obtainTokens()];
      const listed = await operator.read(
        'grants',
        'list',
        '--client',
        first.oauthClientId,
        '--account',
        administrator.email,
      );
      expect(listed).toHaveLength(3);
      expect(listed[0]).toMatchObject({ account: administrator.email, client: first.oauthClientId });
      const [ended] = await operator.do('grants', 'revoke', String(listed[0]?.['id']));
      expect(ended).toBe('1 grant ended; every gateway refuses the tokens within a second.');
      expect((await first.refresh(tokens[0]?.refresh_token ?? '')).status).toBe(400);
      expect((await first.refresh(tokens[1]?.refresh_token ?? '')).status).toBe(200);
      await operator.do('grants', 'revoke', '--client', first.oauthClientId, '--account', administrator.email);
      expect((await first.refresh(tokens[2]?.refresh_token ?? '')).status).toBe(400);
      const second = await McpClient.register(replicas);
      const { refresh_token: token } = await second.obtainTokens();
      await operator.do('grants', 'revoke', '--account', administrator.email);
      expect((await second.refresh(token)).status).toBe(400);
      const types = (await audit('--reason', 'revoked_by_operator')).map((row) => [row['type'], row['actor']]);
      expect(types).toContainEqual(['grant.ended', actor]);
      expect(types).toContainEqual(['account.tokens_revoked', actor]);
    });

    it('end with the consent: a signed-in browser is asked before the client gets another', async () => {
      const redirectUri = 'https://client.example/callback';
      const browser = new Browser(replicas);
      const client = await McpClient.register(replicas, { redirect_uris: [redirectUri] }, browser);
      const named = ['--client', client.oauthClientId];
      const answerToClient = async () => (await begin(browser, client, { redirect_uri: redirectUri })).url.searchParams;
      const last = async () => String((await operator.read('grants', 'list', ...named)).at(-1)?.['id']);
      for (const revoked of [() => named, () => ['--account', administrator.email], async () => [await last()]]) {
        await client.authorize({ redirect_uri: redirectUri });
        expect((await answerToClient()).has('code')).toBe(true);
        await operator.do('grants', 'revoke', ...(await revoked()));
        expect(isApprovalPage(await begin(browser, client, { redirect_uri: redirectUri }))).toBe(true);
      }
      const withdrawn = await audit('--type', 'consent.withdrawn', '--reason', 'revoked_by_operator', ...named);
      expect(withdrawn).toMatchObject([{ actor }, { actor }]);
    });

    it('of a client end with those that are being made', async () => {
      const client = await McpClient.register(replicas);
      await client.obtainTokens();
      const [{ sub } = { sub: '' }] = await dataSource.query<{ sub: string }[]>(
        'SELECT sub FROM auth.consent WHERE oauth_client_id = $1',
        [client.oauthClientId],
      );
      const answer = await duringTransaction(dataSource, {
        before: (manager) => lockAccount(manager, sub),
        ask: () => operator.do('grants', 'revoke', '--client', client.oauthClientId),
        after: (manager) =>
          manager.query(
            `INSERT INTO auth.oauth_grant (id, tenant_id, account_id, oauth_client_id, payload, expires_at)
             VALUES ('being-made', 'default', $1, $2, '{}', now() + interval '1 day')`,
            [sub, client.oauthClientId],
          ),
      });
      expect(answer).toEqual(['2 grants ended; every gateway refuses the tokens within a second.']);
    });

    it.each([
      [['revoke', 'nothing'], 1, 'There is no living grant nothing: `grants list` shows them.'],
      [
        ['revoke'],
        2,
        'Wrong usage: say either a grant id, or --account, --client or both; --help shows how it is called.',
      ],
    ])('are refused in one sentence: %j', async (words, exitCode, complaint) => {
      expect(await operator.run(['grants', ...words])).toMatchObject({ exitCode, complaint });
    });
  });

  describe('tokens', () => {
    it('that were found somewhere end, an access token alone and a refresh token with its grant', async () => {
      const found = await McpClient.register(replicas);
      const tokens = await found.obtainTokens();
      const revoked = await operator.run(['tokens', 'revoke'], `${tokens.access_token}\n`);
      expect(revoked.lines[0]).toMatch(/^The access token \S+ is revoked; its grant \S+ goes on\.$/);
      expect(await isLive(tokens.access_token, found)).toBe(false);
      expect((await found.refresh(tokens.refresh_token)).status).toBe(200);
      const ended = await operator.run(['tokens', 'revoke'], tokens.refresh_token);
      expect(ended.lines[0]).toMatch(/^The grant \S+ ends with its refresh token\.$/);
      expect((await found.refresh(tokens.refresh_token)).status).toBe(400);
      expect(await audit('--type', 'token.revoked')).toMatchObject([{ actor, reason: 'revoked_by_operator' }]);
    });

    it('of other servers are refused without being repeated', async () => {
      const answer = await operator.run(['tokens', 'revoke'], 'somebody-elses-token');
      expect(answer).toEqual({
        exitCode: 1,
        lines: [],
        complaint: 'This is no token of this server, or its grant is long over.',
      });
    });
  });

  describe('scopes', () => {
    it('are listed, and forgotten with their server', async () => {
      await dataSource.query(`INSERT INTO auth.protected_resource (tenant_id, server) VALUES ('default', 'gone')`);
      await dataSource.query(
        `INSERT INTO auth.resource_scope (tenant_id, scope, server, version) VALUES ('default', 'gone:read', 'gone', 'v')`,
      );
      expect(await operator.read('scopes', 'list')).toMatchObject([{ scope: 'gone:read', server: 'gone' }]);
      await operator.do('scopes', 'forget', 'gone');
      expect(await operator.read('scopes', 'list')).toEqual([]);
      expect(await operator.run(['scopes', 'forget', ''])).toMatchObject({ exitCode: 1 });
      expect(await audit('--type', 'scope.forgotten')).toMatchObject([{ actor, details: { scopes: ['gone:read'] } }]);
    });
  });

  describe('the audit', () => {
    it('is found by each of its columns', async () => {
      const [row] = await audit('--type', 'account.disabled');
      for (const [option, column] of [
        ['--actor', 'actor'],
        ['--on-behalf-of', 'onBehalfOf'],
        ['--address', 'address'],
        ['--trace', 'traceId'],
      ] as const) {
        const found = await audit(option, String(row?.[column]), '--limit', '1000');
        expect(found.every((one) => one[column] === row?.[column])).toBe(true);
        expect(found).toContainEqual(row);
      }
      expect(await audit('--outcome', 'failure', '--since', '1h', '--type', 'login.*')).not.toEqual([]);
      expect(await audit('--until', '1h')).toEqual([]);
      expect(await audit('--since', '2099-01-01')).toEqual([]);
      expect(await audit('--limit', '2')).toHaveLength(2);
    });

    it('cannot be changed, whatever the session is set to', async () => {
      const runner = dataSource.createQueryRunner();
      await runner.query('SET session_replication_role = replica');
      await expect(runner.query('DELETE FROM auth.audit_row')).rejects.toThrow('only ever added');
      await runner.query('RESET session_replication_role');
      await runner.release();
    });

    it.each([
      [['--since', 'yesterday'], /--since must be a time such as/],
      [['--outcome', 'maybe'], /--outcome must be success or failure/],
      [['--limit', '0'], /--limit must be a whole number from 1 to 100000/],
    ])('is asked rightly: %j', async (words, complaint) => {
      const answer = await operator.run(['audit', 'list', ...words]);
      expect(answer.exitCode).toBe(2);
      expect(answer.complaint).toMatch(complaint);
    });
  });

  describe('a declaration', () => {
    const write = (name: string, text: string) => {
      const file = path.join(folder, name);
      writeFileSync(file, text);
      return file;
    };
    const declaration = `
version: 1
clients:
  - client_id: agent
    client_name: Agent
    redirect_uris: ["${callback}"]
    token_endpoint_auth_method: client_secret_post
    client_secret: env:AGENT_SECRET
accounts:
  - email: hopper@example.com
    roles: [administrator]
    initial_password: file:password
`;

    it('says in a dry run what it would change, and changes nothing', async () => {
      write('password', 'a password in a file\n');
      const answer = await operator.run(['apply', write('a.yaml', declaration), '--dry-run']);
      expect(answer).toEqual({
        exitCode: 3,
        complaint: '',
        lines: [
          '+ client agent',
          '    client_name: "Agent"',
          `    redirect_uris: ["${callback}"]`,
          '    token_endpoint_auth_method: "client_secret_post"',
          '    client_secret: changed, not shown',
          '+ account hopper@example.com',
          '    email: "hopper@example.com"',
          '    is_disabled: false',
          '    roles: ["administrator"]',
          '2 changes, none made: a dry run.',
        ],
      });
      expect(await operator.read('clients', 'list')).toEqual([]);
    });

    it('is made true, and again nothing changes', async () => {
      const file = write('a.yaml', declaration);
      expect((await operator.do('apply', file)).at(-1)).toBe('2 changes made.');
      const written = await audit('--limit', '100000');
      expect(await operator.do('apply', file)).toEqual(['Nothing to change.']);
      expect(await audit('--limit', '100000')).toEqual(written);
      expect((await obtainWith('agent', { client_secret: secret })).status).toBe(200);
      expect((await signIn('hopper@example.com', 'a password in a file')).searchParams.has('code')).toBe(true);
      expect(JSON.stringify(written)).not.toContain(secret);
    });

    it('changes what differs, a secret without showing it', async () => {
      const changed = declaration.replace('client_name: Agent', 'client_name: Agents').replace('[administrator]', '[]');
      expect(await operator.do('apply', write('b.yaml', changed))).toEqual([
        '~ client agent',
        '    client_name: "Agent" -> "Agents"',
        '~ account hopper@example.com',
        '    roles: ["administrator"] -> []',
        '2 changes made.',
      ]);
      const other = new Operator(replicas, { AGENT_SECRET: `another-${secret}` });
      expect(await other.do('apply', write('b.yaml', changed))).toEqual([
        '~ client agent',
        '    client_secret: changed, not shown',
        '1 change made.',
      ]);
    });

    it('is all or nothing', async () => {
      const broken =
        declaration.replace('    roles', '    is_disabled: true\n    roles').replace('Agent', 'Other') +
        '  - email: new@example.com\n';
      const answer = await operator.run(['apply', write('c.yaml', broken)]);
      expect(answer).toEqual({
        exitCode: 1,
        lines: [],
        complaint: 'accounts[1].initial_password is required, for there is no account new@example.com yet.',
      });
      expect(await operator.read('clients', 'show', 'agent')).toMatchObject([{ client_name: 'Agents' }]);
    });

    it('of which two are applied at once is applied by one after the other', async () => {
      const files = ['x', 'y'].map((name) =>
        write(
          `${name}.yaml`,
          `version: 1\nclients: [{client_id: both, client_name: ${name}, redirect_uris: ["${callback}"]}]`,
        ),
      );
      const answers = await Promise.all(files.map((file) => operator.do('apply', file)));
      expect(answers.map((lines) => lines[0]).toSorted()).toEqual(['+ client both', '~ client both']);
    });

    it('leaves what it does not name, unless it says prune', async () => {
      const text = 'version: 1\nclients: []\naccounts: [{email: admin@example.com, roles: [administrator]}]\n';
      expect(await operator.do('apply', write('d.yaml', text))).toEqual(['Nothing to change.']);
      expect(await operator.do('apply', write('d.yaml', `${text}prune: true\n`))).toEqual([
        '- client agent',
        '- client both',
        '- account grace@example.com (disabled)',
        '- account hopper@example.com (disabled)',
        '4 changes made.',
      ]);
      expect(await operator.do('apply', write('e.yaml', 'version: 1\nprune: true\n'))).toEqual(['Nothing to change.']);
    });

    it('is what export prints', async () => {
      await operator.do('apply', write('a.yaml', declaration));
      const exported = write('f.yaml', (await operator.do('export')).join('\n'));
      expect(await operator.do('apply', exported)).toEqual(['Nothing to change.']);
    });
  });

  it('change nothing when the audit cannot be written', async () => {
    const state = () =>
      Promise.all([operator.read('accounts', 'list'), operator.read('clients', 'list'), operator.read('keys', 'list')]);
    const before = await state();
    await dataSource.query(
      `CREATE FUNCTION auth.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$`,
    );
    await dataSource.query(`CREATE TRIGGER full_audit BEFORE INSERT ON auth.audit_row EXECUTE FUNCTION auth.full()`);
    for (const words of [
      ['accounts', 'disable', 'hopper@example.com'],
      ['accounts', 'enable', 'grace@example.com'],
      ['accounts', 'sign-out', administrator.email],
      ['accounts', 'set-roles', 'hopper@example.com'],
      ['accounts', 'set-password', administrator.email, '--password', 'env:NEW_PASSWORD'],
      ['clients', 'create', '--name', 'A', '--redirect-uri', callback],
      ['clients', 'delete', 'agent'],
      ['clients', 'rotate-secret', 'agent'],
      ['initial-access-tokens', 'create', '--for', 'a'],
      ['grants', 'revoke', '--client', 'agent'],
      ['keys', 'rotate'],
    ]) {
      const answer = await operator.run(words);
      expect([words, answer.exitCode, answer.complaint]).toEqual([words, 1, 'The command failed: no room']);
    }
    await dataSource.query('DROP TRIGGER full_audit ON auth.audit_row');
    const withoutAges = (value: unknown) =>
      JSON.parse(JSON.stringify(value).replaceAll(/"\w+Seconds":[\d.]+,?/g, '')) as unknown;
    expect(withoutAges(await state())).toEqual(withoutAges(before));
    expect((await signIn(administrator.email, administrator.password)).searchParams.has('code')).toBe(true);
  });

  async function obtainWith(oauthClientId: string, proof: Record<string, string>) {
    const client = McpClient.of(replicas, oauthClientId);
    return client.redeem(await client.obtainCode(), proof);
  }

  async function obtainAs(email: string, password: string) {
    const client = await McpClient.register(replicas);
    const answer = await new Browser(replicas).authorize(client.authorizationUrl(), { email, password });
    const redeemed = await client.redeem(answer.searchParams.get('code') ?? '');
    return { client, tokens: jsonOf(redeemed) as TokenAnswer };
  }
});
