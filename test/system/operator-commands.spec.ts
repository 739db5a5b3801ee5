import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const unreachable = {
  DATABASE_URL: 'postgres://user:secret@127.0.0.1:1/gatehouse',
  GATEHOUSE_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
};

function gatehouse(words: string[], environment: Record<string, string> = {}) {
  // No data directory: nothing but what is given here.
  const env = { PATH: process.env.PATH, GATEHOUSE_DATA_DIR: '/nowhere', ...environment };
  const run = spawnSync(process.execPath, ['tools/start/src/gatehouse.ts', ...words], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  return { exitCode: run.status, printed: run.stdout, complained: run.stderr };
}

describe('npm run gatehouse -- auth', () => {
  it('shows its commands without a database', () => {
    const { exitCode, printed, complained } = gatehouse(['auth', '--help']);
    expect([exitCode, complained]).toEqual([0, '']);
    expect(printed).toContain('  apply  ');
    expect(printed).toContain('  audit list  ');
  });

  it.each([
    [
      ['auth', 'accounts', 'mend'],
      {},
      2,
      /^Wrong usage: there is no command "accounts mend"; --help shows how it is called\.\n$/,
    ],
    [['auth', 'keys', 'list'], {}, 1, /^Bad settings - DATABASE_URL is required; .*\.\n$/],
    [['auth', 'keys', 'list'], unreachable, 1, /^PostgreSQL at 127\.0\.0\.1:1 cannot be reached: [^\n]*\.\n$/],
    [
      ['auth', 'apply', '/nowhere.yaml'],
      unreachable,
      1,
      /^PostgreSQL at 127\.0\.0\.1:1 cannot be reached: [^\n]*\.\n$/,
    ],
    [['tea'], {}, 2, /^gatehouse: say what it is for: auth\.\n$/],
  ])('refuses in one sentence on standard error: %j', (words, environment, exitCode, sentence) => {
    const answer = gatehouse(words, environment);
    expect(answer).toEqual({ exitCode, printed: '', complained: expect.stringMatching(sentence) as string });
  });
});
