import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFirstAdministrator } from '../src/accounts/first-administrator.ts';
import { verifyPassword } from '../src/accounts/password-hash.ts';
import { createFreshDatabase } from './fresh-database.ts';
import type { FreshDatabase } from './fresh-database.ts';

// A password hash is meant to be slow, and the machine may have other things to do.
vi.setConfig({ testTimeout: 60_000 });

let database: FreshDatabase;
let replicas: [DataSource, DataSource];
let reported: { email: string; password: string }[];

beforeEach(async () => {
  database = await createFreshDatabase();
  replicas = [await database.open(), await database.open()];
  reported = [];
});

afterEach(() => database.drop());

const options = {
  tenantId: 'default',
  email: 'admin@localhost',
  report: async (signIn: { email: string; password: string }) => void reported.push(signIn),
};

describe('the first administrator', () => {
  it('is created once when two replicas start together, and its made-up password is reported once', async () => {
    const created = await Promise.all([...replicas, ...replicas].map((one) => createFirstAdministrator(one, options)));
    expect(created.filter(Boolean)).toHaveLength(1);
    expect(reported).toHaveLength(1);
    const [account, ...others] = await accounts();
    expect(others).toEqual([]);
    expect(account).toMatchObject({ email: 'admin@localhost', roles: ['administrator'], tenant_id: 'default' });
    expect(await verifyPassword(reported[0]?.password ?? '', account?.password_hash ?? '')).toBe(true);
    expect(reported[0]?.password).toMatch(/^[\w-]{20}$/);
  });

  it('gets the password that was given, which is not repeated anywhere', async () => {
    await createFirstAdministrator(replicas[0], { ...options, password: 'given password' });
    const [account] = await accounts();
    expect(await verifyPassword('given password', account?.password_hash ?? '')).toBe(true);
    expect(reported).toEqual([]);
  });

  it('keeps its password when the server starts again with another one', async () => {
    await createFirstAdministrator(replicas[0], { ...options, password: 'given password' });
    const [before] = await accounts();
    expect(await createFirstAdministrator(replicas[1], { ...options, password: 'another password' })).toBe(false);
    expect(await accounts()).toEqual([before]);
  });

  it('does not come back after it was removed', async () => {
    await createFirstAdministrator(replicas[0], options);
    await replicas[0].query('DELETE FROM auth.account');
    expect(await createFirstAdministrator(replicas[1], { ...options, email: 'second@localhost' })).toBe(false);
    expect(await accounts()).toEqual([]);
  });

  it('comes with a new password after both its rows were deleted: the way back from a lost one', async () => {
    await createFirstAdministrator(replicas[0], options);
    await replicas[0].query(`DELETE FROM auth.account WHERE email_key = 'admin@localhost'`);
    await replicas[0].query('DELETE FROM auth.first_administrator');
    expect(await createFirstAdministrator(replicas[1], options)).toBe(true);
    const [account] = await accounts();
    expect(await verifyPassword(reported[1]?.password ?? '', account?.password_hash ?? '')).toBe(true);
  });

  it('is not created when its password could not be reported, so that the next start reports one', async () => {
    const report = async () => {
      throw new Error('nobody reads');
    };
    await expect(createFirstAdministrator(replicas[0], { ...options, report })).rejects.toThrow('nobody reads');
    expect(await accounts()).toEqual([]);
    expect(await createFirstAdministrator(replicas[1], options)).toBe(true);
  });

  it('is written to the audit log in the same transaction', async () => {
    await createFirstAdministrator(replicas[0], options);
    const rows = await replicas[0].query<Record<string, unknown>[]>(
      'SELECT type, outcome, actor, on_behalf_of, details FROM auth.audit_row',
    );
    const [account] = await accounts();
    const details = { roles: ['administrator'] };
    expect(rows).toEqual([
      { type: 'account.created', outcome: 'success', actor: 'system', on_behalf_of: account?.sub, details },
    ]);
  });
});

function accounts(): Promise<
  { sub: string; email: string; roles: string[]; tenant_id: string; password_hash: string }[]
> {
  return replicas[0].query('SELECT * FROM auth.account');
}
