import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolePermissions } from '@gatehouse/messaging';
import { makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { EmbeddedNats } from '@gatehouse/start';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Command } from '../../../test/support/command.ts';
import { GatewaySide } from '../../../test/support/gateway-side.ts';

const program = path.resolve(import.meta.dirname, '../../../dist/apps/worker/main.js');
const folder = makeTemporaryFolder('gatehouse-two-workers-');
const filesRoot = path.join(folder.path, 'workspace');
const identities = [
  { user: 'gateway', password: 'gateway', permissions: rolePermissions({ role: 'gateway' }) },
  {
    user: 'worker-files',
    password: 'files',
    permissions: rolePermissions({ role: 'worker', tenant: 'default', servers: ['files'] }),
  },
];

/** The process as an operator starts it, with the identity of its role only. */
function startWorker(settings: Record<string, string> = {}): Command {
  return new Command([process.execPath, program], {
    NATS_URL: nats.url,
    NATS_USER: 'worker-files',
    NATS_PASSWORD: 'files',
    GATEHOUSE_STATE_KEYS: Buffer.alloc(32).toString('base64'),
    FILES_ROOT: filesRoot,
    LOG_FORMAT: 'json',
    ...settings,
  });
}

let nats: EmbeddedNats;
let gateway: GatewaySide;
const workers: Command[] = [];

beforeAll(async () => {
  mkdirSync(path.join(folder.path, 'nats'));
  nats = await startEmbeddedNats({ dataDir: path.join(folder.path, 'nats'), identities, durable: false });
  gateway = await GatewaySide.open(nats.url, { user: 'gateway', password: 'gateway' });
  workers.push(startWorker(), startWorker());
  await gateway.waitForInstances('files', 2);
});

afterAll(async () => {
  for (const worker of workers) worker.signalGroup('SIGKILL');
  await gateway.close();
  await nats.stop();
  folder.remove();
});

const structured = async (name: string, given: object) => {
  const answer = await gateway.callTool('files', name, given);
  return { instance: answer.instance, failed: answer.result?.isError, ...(answer.result?.structuredContent as object) };
};

describe('two workers on one directory', { timeout: 60_000 }, () => {
  it('make FILES_ROOT, announce one server and take about half of the calls each', async () => {
    const counts = new Map<string, number>();
    const calls = Array.from({ length: 200 }, () => gateway.callTool('files', 'stat', { path: '' }));
    for (const { instance } of await Promise.all(calls)) counts.set(instance, (counts.get(instance) ?? 0) + 1);
    expect(counts.size).toBe(2);
    expect(Math.min(...counts.values())).toBeGreaterThan(60);
  });

  it('see at once what the other one wrote', async () => {
    for (let round = 0; round < 20; round++) {
      await structured('write', { path: 'shared.txt', content: `round ${round}`, overwrite: true });
      expect(await structured('read', { path: 'shared.txt' })).toMatchObject({ content: `round ${round}` });
    }
  });

  it('let one of many writers win over the same version, and answer every other one', async () => {
    await structured('write', { path: 'counter.txt', content: 'start', overwrite: true });
    for (let round = 0; round < 5; round++) {
      const { version } = (await structured('stat', { path: 'counter.txt' })) as { version?: string };
      const writes = Array.from({ length: 20 }, (_none, writer) =>
        structured('write', { path: 'counter.txt', content: `${round}/${writer}`, expectedVersion: version }),
      );
      const answers = await Promise.all(writes);
      expect(new Set(answers.map(({ instance }) => instance)).size).toBe(2);
      expect(answers.filter(({ failed }) => !failed)).toHaveLength(1);
    }
  });

  it('carry what the largest read may bring', async () => {
    writeFileSync(path.join(filesRoot, 'large.bin'), Buffer.alloc(3 * 1024 * 1024, 0));
    const part = await structured('read', { path: 'large.bin', maxBytes: 1024 * 1024 });
    expect(part).toMatchObject({ encoding: 'base64', nextOffset: 1024 * 1024 });
    writeFileSync(path.join(filesRoot, 'large.txt'), '"\n'.repeat(1024 * 1024));
    expect(await structured('read', { path: 'large.txt', maxBytes: 1024 * 1024 })).toMatchObject({ encoding: 'utf-8' });
    writeFileSync(path.join(filesRoot, 'controls.txt'), Buffer.alloc(1024 * 1024, 1));
    expect(await structured('read', { path: 'controls.txt', maxBytes: 1024 * 1024 })).toMatchObject({
      encoding: 'utf-8',
      nextOffset: Math.floor((2 * 1024 * 1024) / 6),
    });
  });

  it('finish their calls on SIGTERM and leave the rest to the other', async () => {
    const [first] = workers;
    const calls = Array.from({ length: 50 }, (_none, index) =>
      gateway.callTool('files', 'write', { path: `drain/${index}.txt`, content: 'x' }),
    );
    first?.signalGroup('SIGTERM');
    const answers = await Promise.all(calls);
    expect(answers.filter(({ result }) => result?.isError !== undefined)).toEqual([]);
    expect(await first?.ended).toBe(0);
    await gateway.waitForInstances('files', 1);
    expect(await structured('stat', { path: 'drain/49.txt' })).toMatchObject({ type: 'file' });
  });
});

describe('a worker that cannot start', { timeout: 60_000 }, () => {
  it.each([
    ['a file as FILES_ROOT', { FILES_ROOT: program }, /FILES_ROOT is \S+main\.js, which is not a directory: /],
    [
      'a FILES_ROOT that cannot be made',
      { FILES_ROOT: '/sys/nowhere' },
      /FILES_ROOT is \/sys\/nowhere, which cannot be/,
    ],
    ['a wrong NATS password', { NATS_PASSWORD: 'wrong' }, /refuses this identity: check NATS_USER and NATS_PASSWORD/],
  ])('says in one sentence that it has %s', async (_case, settings, sentence) => {
    const worker = startWorker(settings);
    workers.push(worker);
    expect(await worker.ended).toBe(1);
    expect(worker.output).toMatch(sentence);
    expect(worker.output).toMatch(/^worker cannot start: [^\n]+\n$/);
  });
});
