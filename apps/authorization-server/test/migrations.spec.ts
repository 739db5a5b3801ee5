import { openDatabase } from '@gatehouse/database';
import { createLogger } from '@gatehouse/runtime';
import { describe, expect, it } from 'vitest';
import { SessionAdapter } from '../src/sessions/session-adapter.ts';
import { migrations } from '../src/storage/migrations/index.ts';
import { createFreshDatabase } from './fresh-database.ts';

/** A database as it stood after the first `count` migrations, filled by `statements`. */
async function earlierDatabase(count: number, statements: string[]) {
  const database = await createFreshDatabase();
  const earlier = await openDatabase({
    url: database.url,
    schema: 'auth',
    applicationName: 'test',
    entities: [],
    migrations: migrations.slice(0, count),
    logger: createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' }),
  });
  for (const statement of statements) await earlier.query(statement);
  await earlier.destroy();
  return database;
}

describe('a database of an earlier release', () => {
  it('keeps its signing key, which signs since it was made', async () => {
    const database = await earlierDatabase(3, [
      `INSERT INTO auth.signing_key (id, tenant_id, algorithm, state, sealed_private_jwk, created_at)
       VALUES ('k', 'default', 'ES256', 'active', 'x', '2026-01-01')`,
    ]);
    const dataSource = await database.open();
    const rows = await dataSource.query(
      `SELECT id, state, activated_at = created_at AS since, retired_at FROM auth.signing_key`,
    );
    expect(rows).toEqual([{ id: 'k', state: 'active', since: true, retired_at: null }]);
    await database.drop();
  });

  it('keeps for its grants the newest versions that their account consented to for that client and resource', async () => {
    const grant = (id: string, resource: string) =>
      `INSERT INTO auth.oauth_grant (id, tenant_id, account_id, oauth_client_id, payload, expires_at)
       VALUES ('${id}', 'default', 'ada', 'c', '{"resources": {"${resource}": "mcp files:read"}}', now() + interval '1 day')`;
    const consent = (redirectUri: string, resource: string, scopes: string, at: string) =>
      `INSERT INTO auth.consent (tenant_id, sub, oauth_client_id, redirect_uri, resource, scopes, given_at)
       VALUES ('default', 'ada', 'c', '${redirectUri}', '${resource}', '${scopes}', '${at}')`;
    const database = await earlierDatabase(2, [
      grant('one', 'http://r/mcp'),
      grant('other', 'http://r/mcp/files'),
      consent('http://a/', 'http://r/mcp', '{"mcp": "1", "files:read": "new"}', '2026-02-02'),
      consent('http://b/', 'http://r/mcp', '{"files:read": "old", "files:write": "w"}', '2026-01-01'),
    ]);
    const dataSource = await database.open();
    const rows = await dataSource.query('SELECT id, scope_versions AS versions FROM auth.oauth_grant ORDER BY id');
    expect(rows).toEqual([
      { id: 'one', versions: { mcp: '1', 'files:read': 'new', 'files:write': 'w' } },
      { id: 'other', versions: {} },
    ]);
    await database.drop();
  });

  it('keeps the people signed in who are, for as long as a session lasts now, and no id that a browser presents', async () => {
    const loginTs = Math.floor(Date.now() / 1_000) - 23 * 3_600;
    const session = (id: string, login: number | undefined, createdAt: string, expiresAt: string) =>
      `INSERT INTO auth.provider_record (kind, id, tenant_id, payload, uid, created_at, expires_at)
       VALUES ('Session', '${id}', 'default', '${JSON.stringify({ uid: `u-${id}`, jti: id, accountId: 'ada', loginTs: login })}',
               'u-${id}', now() + '${createdAt}', now() + '${expiresAt}')`;
    const before = migrations.findIndex(({ name }) => name.startsWith('BrowserSessions'));
    const database = await earlierDatabase(before, [
      session('present', loginTs, '-1 hour', '10 minutes'),
      session('unused', undefined, '-1 hour', '13 days'),
      session('long', loginTs, '-1 hour', '13 days'),
      session('over', loginTs, '-1 hour', '-1 hour'),
      session('idle', loginTs, '-9 hours', '13 days'),
      session('old', loginTs - 7_200, '-1 hour', '13 days'),
    ]);
    const dataSource = await database.open();
    const adapter = new SessionAdapter(dataSource);
    expect(await adapter.find('present')).toEqual({ uid: 'u-present', accountId: 'ada', loginTs, jti: 'present' });
    const rows = await dataSource.query(
      `SELECT uid, sub, payload, round(extract(epoch FROM expires_at - now()) / 600)::int * 10 AS minutes
       FROM auth.browser_session ORDER BY uid`,
    );
    expect(rows).toEqual([
      { uid: 'u-long', sub: 'ada', payload: { uid: 'u-long', accountId: 'ada', loginTs }, minutes: 60 },
      { uid: 'u-present', sub: 'ada', payload: { uid: 'u-present', accountId: 'ada', loginTs }, minutes: 10 },
      { uid: 'u-unused', sub: 'ada', payload: { uid: 'u-unused', accountId: 'ada' }, minutes: 420 },
    ]);
    expect(await dataSource.query('SELECT kind FROM auth.provider_record')).toEqual([]);
    await database.drop();
  });
});
