import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, it } from 'vitest';

const createLogger = `
  import { createLogger } from ${JSON.stringify(path.join(import.meta.dirname, 'logger.ts'))};
  const logger = createLogger('test', { LOG_LEVEL: 'info', LOG_FORMAT: 'json' });`;
const run = (source: string) => ['--input-type=module', '-e', createLogger + source];

it('shows a line within a second while the process goes on', async () => {
  const child = spawn(process.execPath, run(`logger.info('early'); setInterval(() => {}, 1_000);`));
  const startedAt = performance.now();
  child.stderr.on('data', (text: Buffer) => expect(String(text)).toBe(''));
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  expect(String(text)).toContain('early');
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  child.kill('SIGKILL');
});

it.each([
  ['ends by itself', ''],
  ['exits', 'process.exit(0);'],
  ['flushes and exits', 'logger.flush(() => process.exit(0));'],
  ['fails', `logger.flush(); setTimeout(() => { throw new Error('planned'); }, 50);`],
])('loses no line and keeps their order when the process %s', (_, end) => {
  const source = `for (let n = 0; n < 500; n++) logger.info({ n }, 'line'); ${end}`;
  const { stdout } = spawnSync(process.execPath, run(source), { encoding: 'utf8' });
  const numbers = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { n: number }).n);
  expect(numbers).toEqual(Array.from({ length: 500 }, (_line, n) => n));
});
