import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { guardApp } from '@gatehouse/start';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/stack.ts';

const program = path.resolve(import.meta.dirname, '../../dist/apps/authorization-server/main.js');
const databaseUrl = process.env.GATEHOUSE_TEST_DATABASE_URL ?? '';
const databaseName = 'first_administrator';
const ownDatabaseUrl = databaseUrl.replace(/[^/]*$/, databaseName);

async function query(url: string, statement: string): Promise<unknown[]> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  try {
    return (await connection.query(statement)).rows as unknown[];
  } finally {
    await connection.end();
  }
}

const countAccounts = async () => (await query(ownDatabaseUrl, 'SELECT 1 FROM auth.account')).length;

describe('the first administrator of an authorization server that its stack reads', () => {
  let environment: NodeJS.ProcessEnv;
  const started: ChildProcessWithoutNullStreams[] = [];

  beforeAll(async () => {
    await query(databaseUrl, `CREATE DATABASE ${databaseName}`);
    const { AUTH_PORT, AUTH_ADMIN_PORT } = await findFreePorts();
    environment = {
      PATH: process.env.PATH,
      LOG_FORMAT: 'json',
      AUTH_PORT: String(AUTH_PORT),
      AUTH_ADMIN_PORT: String(AUTH_ADMIN_PORT),
      DATABASE_URL: ownDatabaseUrl,
      NATS_URL: 'nats://127.0.0.1:1',
      GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      GATEHOUSE_REPORT_FIRST_ADMIN: 'stdout',
    };
  });
  afterAll(async () => {
    for (const child of started) await kill(child);
    await query(databaseUrl, `DROP DATABASE ${databaseName} WITH (FORCE)`);
  });

  function start(): { child: ChildProcessWithoutNullStreams; lines: AsyncIterator<string> } {
    const child = spawn(process.execPath, [program], { env: environment });
    started.push(child);
    guardApp(child);
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  }

  async function kill(child: ChildProcessWithoutNullStreams): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** The first line of the output that matches; undefined when the output ends before. */
  async function lineOf(lines: AsyncIterator<string>, pattern: RegExp): Promise<string | undefined> {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) return undefined;
      if (pattern.test(value)) return value;
    }
  }

  it('is shown again by the next start as long as the stack was killed before it had shown it', async () => {
    const first = start();
    const announced = await lineOf(first.lines, /^GATEHOUSE_FIRST_ADMIN /);
    expect(announced).toContain('admin@localhost');
    await kill(first.child);
    await expect.poll(countAccounts).toBe(0);

    const second = start();
    const again = await lineOf(second.lines, /^GATEHOUSE_FIRST_ADMIN /);
    expect(again).toContain('admin@localhost');
    expect(again).not.toBe(announced);
    // The stack alone is killed: nobody writes to the server any more.
    second.child.stdin.end();
    expect(await once(second.child, 'exit')).toEqual([1, null]);
    expect(await countAccounts()).toBe(0);
  });

  it('is kept once the stack has shown it, and not shown again', async () => {
    const first = start();
    expect(await lineOf(first.lines, /^GATEHOUSE_FIRST_ADMIN /)).toBeDefined();
    first.child.stdin.write('GATEHOUSE_FIRST_ADMIN_SHOWN\n');
    expect(await lineOf(first.lines, /authorization server ready/)).toBeDefined();
    await kill(first.child);
    expect(await countAccounts()).toBe(1);

    const second = start();
    const line = await lineOf(second.lines, /^GATEHOUSE_FIRST_ADMIN |authorization server ready/);
    expect(line).toContain('authorization server ready');
    await kill(second.child);
  });
});
