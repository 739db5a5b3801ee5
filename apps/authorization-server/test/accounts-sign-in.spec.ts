import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createLogger } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BoundedAudit } from '../src/audit/bounded-audit.ts';
import { Accounts, createAccount } from '../src/accounts/accounts.ts';
import { Login } from '../src/accounts/login.ts';
import type { LoginOutcome } from '../src/accounts/login.ts';
import { hashPassword, needsRehash } from '../src/accounts/password-hash.ts';
import { SecondFactor } from '../src/accounts/second-factor.ts';
import { SignIn } from '../src/accounts/sign-in.ts';
import type { SignInAttempt } from '../src/accounts/sign-in.ts';
import { KeyEncryption } from '../src/keys/key-encryption.ts';
import { createFreshDatabase } from './fresh-database.ts';
import type { FreshDatabase } from './fresh-database.ts';

const password = 'correct horse battery staple';
/** Tests of counting, not of hashing: one hash of the real cost takes longer than all the rest. */
const cheap = { memoryKib: 64, passes: 1, lanes: 1 };

// A password hash is meant to be slow, and the machine may have other things to do.
vi.setConfig({ testTimeout: 60_000 });

let database: FreshDatabase;
let dataSource: DataSource;
type Outcome = LoginOutcome<undefined>;
interface Replica {
  attempt: (attempt: SignInAttempt) => Promise<Outcome>;
}

let replicas: [Replica, Replica];
let attempt: SignInAttempt;

function newSignIn(ownDataSource: DataSource): SignIn {
  const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
  return new SignIn(ownDataSource, new BoundedAudit(ownDataSource, logger));
}

function replicaOn(ownDataSource: DataSource): Replica {
  const secondFactor = new SecondFactor(new KeyEncryption([randomBytes(32)]));
  const login = new Login(ownDataSource, new Accounts(ownDataSource), newSignIn(ownDataSource), secondFactor);
  return { attempt: (tried) => login.withPassword({ ...tried, page: 'test' }, () => Promise.resolve(undefined)) };
}

beforeAll(async () => {
  database = await createFreshDatabase();
  dataSource = await database.open();
  replicas = [replicaOn(dataSource), replicaOn(await database.open())];
});

afterAll(() => database.drop());

beforeEach(async () => {
  attempt = {
    tenantId: 'default',
    email: `${randomUUID()}@Example.com`,
    password,
    address: `2001:db8:${randomUUID().slice(0, 4)}:${randomUUID().slice(0, 4)}::1`,
    browserDigest: randomUUID(),
    oauthClientId: 'client',
  };
  await createAccount(dataSource.manager, {
    tenantId: 'default',
    email: attempt.email,
    passwordHash: await hashPassword(password, cheap),
    roles: [],
  });
});

describe('signing in', () => {
  it('accepts the right password, with the e-mail in any case', async () => {
    const outcome = await replicas[0].attempt({ ...attempt, email: ` ${attempt.email.toUpperCase()} ` });
    expect(outcome).toMatchObject({ kind: 'signed-in', account: { email: attempt.email } });
  });

  it.each([
    ['a wrong password', { password: 'Correct horse battery staple' }],
    ['an empty password', { password: '' }],
    ['an unknown account', { email: 'nobody@example.com' }],
    ['the account of another tenant', { tenantId: 'other' }],
    ['an empty e-mail', { email: '' }],
    ['SQL in the e-mail', { email: `' OR 1=1 --` }],
    ['a NUL-free but endless e-mail', { email: 'x'.repeat(100_000) }],
  ])('refuses %s with the same answer', async (_case, change) => {
    expect(await replicas[0].attempt({ ...attempt, ...change })).toEqual({ kind: 'refused' });
  });

  it('makes a new hash at the first sign-in after the cost was raised', async () => {
    await replicas[0].attempt(attempt);
    expect(needsRehash(await storedHash())).toBe(false);
    expect(await replicas[1].attempt(attempt)).toMatchObject({ kind: 'signed-in' });
  });
});

describe('a right password whose sign-in is not finished', () => {
  it('leaves no trace of a success, so that the audit tells of sign-ins that happened', async () => {
    expect(await newSignIn(dataSource).attempt(attempt)).toMatchObject({ kind: 'right' });
    const rows = await dataSource.query(`SELECT type FROM auth.audit_row WHERE address = $1`, [attempt.address]);
    expect(rows).toEqual([]);
  });
});

describe('more people than a server can hash for', () => {
  it('are told to come back, whether or not their account exists, and nothing is counted against them', async () => {
    const emails = Array.from({ length: 80 }, (_, index) =>
      index % 2 ? attempt.email : `${randomUUID()}@example.com`,
    );
    const strangers = emails.map((email, index) =>
      replicas[0].attempt({ ...attempt, email, password: 'wrong', address: `10.1.0.${index}` }),
    );
    const busy = [];
    for (const late of strangers.slice(64)) busy.push(await late);
    expect(busy).toEqual(Array.from({ length: 16 }, () => ({ kind: 'busy', retryAfterSeconds: 5 })));
    const lateKeys = emails.slice(64).map((email) => createHash('sha256').update(email).digest('base64url'));
    const counted = await dataSource.query('SELECT 1 FROM auth.login_throttle WHERE key = ANY ($1)', [lateKeys]);
    expect(counted).toEqual([]);
    const others = await Promise.all(strangers.slice(0, 64));
    expect(count(others, 'busy')).toBe(0);
    expect(
      await replicas[0].attempt({ ...attempt, browserDigest: 'another', email: `${randomUUID()}@example.com` }),
    ).toEqual({
      kind: 'refused',
    });
  });
});

describe('throttling of sign-in', () => {
  it('answers 20 wrong passwords over two replicas with a wait, however parallel they are', async () => {
    const outcomes = await guess(20);
    expect(count(outcomes, 'refused')).toBe(10);
    expect(count(outcomes, 'throttled')).toBe(10);
    const throttled = outcomes.find((outcome) => outcome.kind === 'throttled');
    expect(throttled?.retryAfterSeconds).toBeGreaterThan(0);
    expect(throttled?.retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  it('answers the same for an account that does not exist', async () => {
    const outcomes = await guess(20, { email: `${randomUUID()}@example.com` });
    expect(count(outcomes, 'refused')).toBe(10);
    expect(count(outcomes, 'throttled')).toBe(10);
  });

  it('refuses even the right password while it waits, so that guessing on is pointless', async () => {
    await guess(12);
    expect(await replicas[1].attempt(attempt)).toMatchObject({ kind: 'throttled' });
  });

  it('counts addresses too: one address cannot try a password on every account', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        replicas[index % 2 ? 1 : 0].attempt({ ...attempt, email: `${randomUUID()}@example.com` }),
      ),
    );
    expect(count(outcomes, 'refused')).toBe(30);
    expect(count(outcomes, 'throttled')).toBe(10);
  });

  it('takes an IPv6 network for one address', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 34 }, (_, index) =>
        replicas[0].attempt({
          ...attempt,
          email: `${randomUUID()}@example.com`,
          address: attempt.address.replace(/1$/, (index + 1).toString(16)),
        }),
      ),
    );
    expect(count(outcomes, 'throttled')).toBe(4);
  });

  it('forgets the wrong passwords of an account when the right one comes', async () => {
    await guess(9);
    expect(await replicas[0].attempt(attempt)).toMatchObject({ kind: 'signed-in' });
    expect(count(await guess(10, { browserDigest: randomUUID() }), 'refused')).toBe(10);
  });

  it('does not count right passwords against an address that many people share', async () => {
    for (let index = 0; index < 35; index += 1) {
      const outcome = await replicas[0].attempt({ ...attempt, browserDigest: randomUUID() });
      expect(outcome.kind).toBe('signed-in');
    }
  });

  it('lets in a browser that has signed in before while strangers keep guessing', async () => {
    await replicas[0].attempt(attempt);
    await guess(30, { browserDigest: randomUUID(), address: '198.51.100.7' });
    expect(await replicas[1].attempt(attempt)).toMatchObject({ kind: 'signed-in' });
  });

  it('limits a known browser as well', async () => {
    await replicas[0].attempt(attempt);
    expect(count(await guess(20), 'throttled')).toBe(10);
  });

  it('ends by itself after a minute: no attacker can lock an account for ever', async () => {
    await guess(12);
    await letTimePass(61);
    expect(await replicas[0].attempt(attempt)).toMatchObject({ kind: 'signed-in' });
  });

  it('does not wait longer because of attempts that were refused', async () => {
    await guess(40);
    await letTimePass(61);
    expect(await replicas[0].attempt(attempt)).toMatchObject({ kind: 'signed-in' });
  });
});

describe('the audit of sign-in', () => {
  it('has one row for each success and failure and one a minute for refusals', async () => {
    await replicas[0].attempt(attempt);
    await replicas[0].attempt({ ...attempt, password: 'wrong' });
    await guess(30, { browserDigest: randomUUID() });
    const rows = await auditOfAddress();
    expect(rows.filter(({ type }) => type === 'login.succeeded')).toHaveLength(1);
    expect(rows.filter(({ type }) => type === 'login.failed')).toHaveLength(11);
    expect(rows.filter(({ type }) => type === 'login.throttled')).toEqual([
      { type: 'login.throttled', outcome: 'failure', reason: 'account' },
    ]);
  });

  it('names the account of a failure when there is one, and never what was typed', async () => {
    const unknown = `${randomUUID()}@example.com`;
    await replicas[0].attempt({ ...attempt, password: 'my secret' });
    await replicas[0].attempt({ ...attempt, email: unknown });
    const rows = await dataSource.query<{ reason: string }[]>('SELECT * FROM auth.audit_row WHERE address = $1', [
      attempt.address,
    ]);
    expect(rows.map(({ reason }) => reason)).toEqual(['wrong_password', 'unknown_account']);
    expect(JSON.stringify(rows)).not.toContain('my secret');
    expect(JSON.stringify(rows)).not.toContain(unknown);
    expect(JSON.stringify(rows)).toContain(createHash('sha256').update(unknown).digest('base64url'));
  });
});

function guess(times: number, change: Partial<SignInAttempt> = {}): Promise<Outcome[]> {
  return Promise.all(
    Array.from({ length: times }, (_, index) =>
      replicas[index % 2 ? 1 : 0].attempt({ ...attempt, password: 'wrong', ...change }),
    ),
  );
}

function count(outcomes: Outcome[], kind: Outcome['kind']): number {
  return outcomes.filter((outcome) => outcome.kind === kind).length;
}

async function letTimePass(seconds: number): Promise<void> {
  await dataSource.query('UPDATE auth.login_throttle SET updated_at = updated_at - make_interval(secs => $1)', [
    seconds,
  ]);
}

async function storedHash(): Promise<string> {
  const [row] = await dataSource.query<{ password_hash: string }[]>(
    'SELECT password_hash FROM auth.account WHERE email = $1',
    [attempt.email],
  );
  return row?.password_hash ?? '';
}

async function auditOfAddress(): Promise<{ type: string; outcome: string; reason: string | null }[]> {
  return await dataSource.query('SELECT type, outcome, reason FROM auth.audit_row WHERE address = $1 ORDER BY id', [
    attempt.address,
  ]);
}
