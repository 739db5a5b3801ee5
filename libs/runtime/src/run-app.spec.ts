import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

/** A process that serves its probes; `slow` makes its drain last for ever. */
const source = `
  import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
  import { Health, commonSettings, port, runApp, startAdminServer } from ${JSON.stringify(path.join(import.meta.dirname, 'index.ts'))};
  await runApp({
    name: 'sample',
    settings: z.object({ ...commonSettings, SAMPLE_PORT: port(0, 'Port of the probes') }),
    start: async (settings) => {
      const health = new Health();
      health.addReadinessCheck('database', () => process.env.SAMPLE_DATABASE ? undefined : 'unreachable');
      const admin = await startAdminServer({ settings, port: settings.SAMPLE_PORT, portSetting: 'SAMPLE_PORT', health });
      if (!process.env.SAMPLE_STARTING) health.markStarted();
      setImmediate(() => process.stderr.write('port ' + admin.port + '\\n'));
      return { stop: () => process.env.SAMPLE_SLOW ? new Promise(() => {}) : admin.close() };
    },
  });`;

function run(environment: NodeJS.ProcessEnv, ...parameters: string[]): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', source, '--', ...parameters], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function runToEnd(environment: NodeJS.ProcessEnv, ...parameters: string[]) {
  const child = run(environment, ...parameters);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit')]);
  return { stdout, stderr, code: code as number | null };
}

async function startSample(environment: NodeJS.ProcessEnv) {
  const child = run(environment);
  const [line] = (await once(child.stderr!.setEncoding('utf8'), 'data')) as [string];
  return { child, url: `http://127.0.0.1:${/port (\d+)/.exec(line)?.[1]}` };
}

describe('a process run by runApp', () => {
  it('prints its settings as JSON with --settings and does not start', async () => {
    const { stdout, code } = await runToEnd({}, '--settings');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual({
      name: 'SAMPLE_PORT',
      description: 'Port of the probes',
      defaultValue: '0',
      required: false,
      secret: false,
    });
  });

  it('ends with one sentence and exit code 1 on a bad setting', async () => {
    const { stderr, code } = await runToEnd({ SAMPLE_PORT: 'x' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sample cannot start: Bad settings - SAMPLE_PORT: .*\.\n$/);
  });

  it('ends with one sentence and exit code 1 when its port is in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    const { stderr, code } = await runToEnd({ SAMPLE_PORT: String(port) });
    blocker.close();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `sample cannot start: Port ${port} is in use: stop the program that listens there, or set SAMPLE_PORT to a free port.\n`,
    );
  });

  it.each([
    ['all is well', { SAMPLE_DATABASE: 'up' }, { livez: 200, startupz: 200, readyz: 200 }],
    ['a dependency is missing', {}, { livez: 200, startupz: 200, readyz: 503 }],
    ['it still starts', { SAMPLE_DATABASE: 'up', SAMPLE_STARTING: '1' }, { livez: 200, startupz: 503, readyz: 503 }],
  ])('answers its probes when %s', async (_, environment, expected) => {
    const { child, url } = await startSample(environment);
    const statuses = await Promise.all(
      Object.keys(expected).map(async (probe) => [probe, (await fetch(`${url}/${probe}`)).status]),
    );
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(Object.fromEntries(statuses)).toEqual(expected);
  });

  it('stops on SIGTERM with exit code 0', async () => {
    const { child } = await startSample({});
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('stops when nobody reads its log any more', async () => {
    const { child } = await startSample({});
    child.stdout!.destroy();
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 3_000);
    expect(await once(child, 'exit')).toEqual([0, null]);
    clearTimeout(killer);
  });

  it('ends a drain that lasts longer than SHUTDOWN_TIMEOUT_MS with exit code 1', async () => {
    const { child } = await startSample({ SAMPLE_SLOW: '1', SHUTDOWN_TIMEOUT_MS: '1000' });
    const started = performance.now();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('ends at once on a second signal', async () => {
    const { child } = await startSample({ SAMPLE_SLOW: '1' });
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGTERM'), 200);
    expect(await once(child, 'exit')).toEqual([1, null]);
  });
});
