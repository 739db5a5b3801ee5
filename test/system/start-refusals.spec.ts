import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import path from 'node:path';
import { findFreePort, makeTemporaryFolder } from '@gatehouse/start';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Command } from '../support/command.ts';
import { asEnvironment, findFreePorts } from '../support/stack.ts';

const folder = makeTemporaryFolder('gatehouse-refusals-');
const dataDir = path.join(folder.path, 'data');
const inDataDir = (...names: string[]) => path.join(dataDir, ...names);
let blocker: Server;
let blockedPort: number;
let closedPort: number;

beforeAll(async () => {
  blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  blockedPort = (blocker.address() as AddressInfo).port;
  closedPort = await findFreePort();
});
afterAll(() => {
  blocker.close();
  folder.remove();
});

interface Refusal {
  fault: string;
  settings?: () => NodeJS.ProcessEnv;
  damage?: () => void;
  sentence: RegExp;
  /** What is the operator's to delete; everything else of a lock is gone. */
  leaves?: string[];
}

const database = () => process.env.GATEHOUSE_TEST_DATABASE_URL ?? '';

const refusals: Refusal[] = [
  {
    fault: 'a port that is in use',
    settings: () => ({ AUTH_PORT: String(blockedPort) }),
    sentence: /^start: Port \d+ is in use: .* set AUTH_PORT to a free port\.$/m,
  },
  {
    fault: 'a name that no server can have',
    settings: () => ({ GATEHOUSE_WORKER_SERVERS: 'orders,../x' }),
    sentence: /^start: Bad settings - GATEHOUSE_WORKER_SERVERS: must be server names: .*\.$/m,
  },
  {
    fault: 'a malformed DATABASE_URL',
    settings: () => ({ DATABASE_URL: 'localhost:5432' }),
    sentence: /^start: DATABASE_URL is malformed: .*\.$/m,
  },
  {
    fault: 'a DATABASE_URL that nobody listens at',
    settings: () => ({ DATABASE_URL: `postgres://user:sesame@127.0.0.1:${closedPort}/x` }),
    sentence:
      /^start: The PostgreSQL of DATABASE_URL \(127\.0\.0\.1:\d+\/x\) cannot be used \(connect ECONNREFUSED .*\): .*\.$/m,
  },
  {
    fault: 'a DATABASE_URL with a wrong password',
    settings: () => ({ DATABASE_URL: database().replace(/:[^:@]*@/, ':sesame@') }),
    sentence: /^start: The PostgreSQL of DATABASE_URL .* cannot be used \(password authentication failed .*\): .*\.$/m,
  },
  {
    fault: 'a DATABASE_URL without its database',
    settings: () => ({ DATABASE_URL: database().replace(/[^/]*$/, 'absent') }),
    sentence: /^start: The PostgreSQL of DATABASE_URL .* cannot be used \(database "absent" does not exist\): .*\.$/m,
  },
  {
    fault: 'a NATS_URL that nobody listens at',
    settings: () => ({ NATS_URL: `nats://127.0.0.1:${closedPort}` }),
    sentence: /^start: NATS does not answer at nats:\/\/127\.0\.0\.1:\d+: .*\.$/m,
  },
  {
    fault: 'a data directory that cannot be made',
    settings: () => ({ GATEHOUSE_DATA_DIR: '/dev/null/data' }),
    sentence: /^start: The data directory \/dev\/null\/data cannot be written \(ENOTDIR\): .*\.$/m,
  },
  {
    fault: 'a data directory with other things in it',
    damage: () => {
      mkdirSync(dataDir);
      writeFileSync(inDataDir('thesis.tex'), '');
    },
    sentence: /^start: GATEHOUSE_DATA_DIR is .*, which holds other things: .*\.$/m,
  },
  {
    fault: 'a FILES_ROOT that does not exist',
    settings: () => ({ FILES_ROOT: '/nonexistent/files' }),
    sentence: /^start: FILES_ROOT is \/nonexistent\/files, which does not exist: .*\.$/m,
  },
  {
    fault: 'a database without PG_VERSION',
    damage: () => {
      mkdirSync(inDataDir('env'), { recursive: true });
      mkdirSync(inDataDir('postgres'));
      const passwords = { postgresSuperuser: 'a', authorizationServerDatabase: 'b', nats: {} };
      writeFileSync(inDataDir('passwords.json'), JSON.stringify(passwords));
      writeFileSync(inDataDir('encryption.key'), Buffer.alloc(32).toString('base64'));
    },
    sentence: /^start: The database in .* cannot be used: it has no PG_VERSION; .*\.$/m,
  },
  {
    fault: 'a data directory where none can ever be',
    settings: () => ({ GATEHOUSE_DATA_DIR: '/proc/gatehouse/data' }),
    sentence: /The data directory \/proc\/gatehouse\/data cannot be written/,
  },
  {
    fault: 'a lock that is a folder',
    damage: () => {
      mkdirSync(inDataDir('env'), { recursive: true });
      mkdirSync(inDataDir('lock'));
    },
    sentence: /The lock file .*lock is damaged: delete it and start again\./,
    leaves: ['data/lock'],
  },
  {
    fault: 'a lock with something else in it',
    damage: () => {
      mkdirSync(inDataDir('env'), { recursive: true });
      writeFileSync(inDataDir('lock'), 'x'.repeat(8_192));
    },
    sentence: /The lock file .*lock is damaged: delete it and start again\./,
    leaves: ['data/lock'],
  },
  {
    fault: 'a key-encryption key of the wrong size',
    damage: () => {
      mkdirSync(inDataDir('env'), { recursive: true });
      writeFileSync(inDataDir('encryption.key'), 'c2hvcnQ=');
    },
    sentence: /^start: The key-encryption key in .* is damaged .*: .*\.$/m,
  },
  {
    fault: 'a NATS store that is not a folder',
    damage: () => {
      mkdirSync(inDataDir('env'), { recursive: true });
      mkdirSync(inDataDir('nats'));
      writeFileSync(inDataDir('nats', 'jetstream'), '');
    },
    sentence: /^start: NATS does not start on .*: .*; .*\.$/m,
  },
];

/** What a sentence says, said once more by a service or an app itself. */
const rawComplaint = /(?:FATAL|PANIC): |\[(?:WRN|ERR|FTL)\]|^(?!start: ).*cannot start: | {4}at /m;

/** The sentences of a start that must fail, and leaves nothing else behind. */
async function refuse({ settings, leaves = [] }: Refusal): Promise<string[] | null> {
  const command = new Command(['npm', 'start'], {
    ...asEnvironment(await findFreePorts()),
    GATEHOUSE_DATA_DIR: dataDir,
    ...settings?.(),
  });
  expect(await command.ended).toBe(1);
  expect(command.output).not.toContain('sesame');
  expect(command.output).not.toMatch(rawComplaint);
  const left = readdirSync(folder.path, { recursive: true }).map(String);
  expect(left.filter((name) => /^data\/[^/]*(?:lock|processes)/.test(name))).toEqual(leaves);
  return command.output.match(/^start: .*$/gm);
}

describe('npm start', () => {
  it.each(refusals)('ends with one sentence and exit code 1 on $fault', async (refusal) => {
    rmSync(dataDir, { recursive: true, force: true });
    refusal.damage?.();
    expect(await refuse(refusal)).toEqual([expect.stringMatching(refusal.sentence)]);
  });

  it('refuses one more process of a role where no stack is', async () => {
    const command = new Command(['npm', 'run', 'worker'], { GATEHOUSE_DATA_DIR: path.join(folder.path, 'none') });
    expect(await command.ended).toBe(1);
    expect(command.output).toMatch(/^worker cannot start: there is no stack in .*; run `npm start` first\.$/m);
  });
});

/** Overwrites files with as many random bytes. */
function scramble(directory: string, isMeant: (name: string) => boolean = () => true): void {
  for (const name of readdirSync(directory, { recursive: true }).map(String)) {
    const file = path.join(directory, name);
    if (statSync(file).isFile() && isMeant(name)) writeFileSync(file, randomBytes(Math.max(1, statSync(file).size)));
  }
}

const damagedNats =
  /^start: The NATS files in .*nats are damaged: Stream metafile .*: checksums do not match; restore the folder from a backup, or move it away .*\.$/m;

const damages: Refusal[] = [
  {
    fault: 'JetStream files full of random bytes',
    damage: () => scramble(inDataDir('nats', 'jetstream')),
    sentence: damagedNats,
  },
  {
    fault: 'descriptions of streams full of random bytes',
    damage: () => scramble(inDataDir('nats', 'jetstream'), (name) => name.endsWith('meta.inf')),
    sentence: damagedNats,
  },
  {
    fault: 'a control file of PostgreSQL full of random bytes',
    damage: () => scramble(inDataDir('postgres', 'global'), (name) => name === 'pg_control'),
    sentence: /^start: The database in .*postgres does not start: .*; .*\.$/m,
  },
  {
    fault: 'another key-encryption key',
    damage: () => writeFileSync(inDataDir('encryption.key'), randomBytes(32).toString('base64')),
    sentence:
      /^start: authorization-server cannot start: The key in .*encryption\.key \(GATEHOUSE_ENCRYPTION_KEY_FILE\) does not open .*\.$/m,
  },
];

describe('npm start on a data directory that was in use', () => {
  const used = path.join(folder.path, 'used');

  beforeAll(async () => {
    const command = new Command(['npm', 'start'], {
      ...asEnvironment(await findFreePorts()),
      GATEHOUSE_DATA_DIR: used,
    });
    await command.waitForOutput(/^ready /m);
    command.interrupt();
    await command.ended;
  });

  it.each(damages)('ends with one sentence and exit code 1 on $fault, and deletes nothing', async (refusal) => {
    rmSync(dataDir, { recursive: true, force: true });
    // Node's own copy would give the database's files to this user.
    execFileSync('cp', ['-a', used, dataDir]);
    refusal.damage?.();
    const streams = readStreams();
    expect(await refuse(refusal)).toEqual([expect.stringMatching(refusal.sentence)]);
    expect(readStreams()).toEqual(streams);
  });

  /** The descriptions of all streams, which only a stream that is made anew changes. */
  function readStreams(): [string, string][] {
    const directory = inDataDir('nats', 'jetstream');
    const names = readdirSync(directory, { recursive: true }).map(String);
    const metas = names.filter((name) => /\/streams\/[^/]+\/meta\.inf$/.test(name)).toSorted();
    return metas.map((name) => [name, readFileSync(path.join(directory, name), 'base64')]);
  }
});
