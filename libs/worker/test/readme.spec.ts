import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestServer } from '../src/index.ts';
import { Command } from '../../../test/support/command.ts';
import { GatewaySide } from '../../../test/support/gateway-side.ts';

const packageFolder = path.resolve(import.meta.dirname, '..');
const tsc = path.resolve(packageFolder, '../../node_modules/.bin/tsc');

/** The example as an author has it: a file of its own, compiled with the workspace's settings against the built library. */
function compileExample(
  edit = (source: string) => source,
  document = path.join(packageFolder, 'README.md'),
  heading = '# ',
): { folder: string; program: string } {
  const text = readFileSync(document, 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(text.slice(text.indexOf(heading)))?.[1];
  if (!example) throw new Error(`${document} has no example`);
  const builds = path.join(packageFolder, 'dist');
  mkdirSync(builds, { recursive: true });
  const folder = mkdtempSync(path.join(builds, 'readme-example-'));
  writeFileSync(path.join(folder, 'main.ts'), edit(example));
  const compilerOptions = { composite: false, customConditions: [], outDir: 'dist', rootDir: '.' };
  const project = { extends: '../../../../tsconfig.base.json', compilerOptions, include: ['main.ts'] };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(project));
  execFileSync(tsc, ['-p', folder], { stdio: 'pipe' });
  return { folder, program: path.join(folder, 'dist/main.js') };
}

describe('the documented example', { timeout: 60_000 }, () => {
  const natsUrl = process.env.GATEHOUSE_TEST_NATS_URL ?? '';
  const required = { NATS_URL: natsUrl, GATEHOUSE_STATE_KEYS: Buffer.alloc(32).toString('base64') };
  let example: ReturnType<typeof compileExample>;
  let gateway: GatewaySide;
  const workers: Command[] = [];
  const start = (settings: Record<string, string> = {}) => {
    const environment = { ...required, LOG_FORMAT: 'json', ...settings };
    const worker = new Command([process.execPath, example.program], environment);
    workers.push(worker);
    return worker;
  };

  beforeAll(async () => {
    example = compileExample();
    gateway = await GatewaySide.open(natsUrl);
  });

  afterAll(async () => {
    for (const worker of workers) worker.signalGroup('SIGKILL');
    await gateway.close();
    rmSync(example.folder, { recursive: true });
  });

  it('runs, answers calls, takes a second copy and ends on SIGTERM', async () => {
    const first = start();
    await gateway.waitForInstances('weather', 1);
    const { result } = await gateway.callTool('weather', 'rainfall', { days: [1, 2.5] });
    expect(result?.content).toEqual([{ type: 'text', text: '3.5 mm' }]);

    const second = start();
    await gateway.waitForInstances('weather', 2);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => gateway.callTool('weather', 'rainfall', { days: [1] })),
    );
    expect(new Set(answers.map(({ instance }) => instance)).size).toBe(2);

    for (const worker of [first, second]) worker.signalGroup('SIGTERM');
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
    await gateway.waitForInstances('weather', 0);
  });

  it('of the guide starts and offers the tool that the guide speaks of', async () => {
    const guide = compileExample(undefined, path.resolve(packageFolder, '../../docs/guides/write-a-tool.md'));
    const worker = new Command([process.execPath, guide.program], required);
    workers.push(worker);
    await gateway.waitForInstances('orders', 1);
    rmSync(guide.folder, { recursive: true });
    expect(gateway.definitions('orders')?.tools).toMatchObject([{ name: 'find', annotations: { readOnlyHint: true } }]);
  });

  it('of the guide that asks compiles, and asks as the guide says', async () => {
    const document = path.resolve(packageFolder, '../../docs/guides/write-a-tool.md');
    const guide = compileExample(undefined, document, '## Ask first');
    const { CheckoutTools } = (await import(guide.program)) as { CheckoutTools: new () => object };
    rmSync(guide.folder, { recursive: true });
    const shop = createTestServer({ server: 'shop', version: '1.0.0' }, [new CheckoutTools()]);
    const delivery = { action: 'accept', content: { address: 'Bern' } };
    const { asked, result } = await shop.callTool('checkout', { basket: '7' }, { answers: { delivery } });
    expect(asked).toMatchObject([{ delivery: { params: { message: 'Where to?' } } }]);
    expect(result).toMatchObject({ content: [{ text: 'R-7 goes to Bern.' }] });
    const unasked = await shop.callTool('checkout', { basket: '7' });
    expect(unasked.result).toMatchObject({ content: [{ text: expect.stringMatching(/cannot ask/) }] });
  });

  it('has probes on the admin port', async () => {
    const worker = start();
    const [, line = ''] = await worker.waitForOutput(/^(.*"worker ready".*)$/m);
    const { adminPort } = JSON.parse(line) as { adminPort: number };
    const probes = ['livez', 'readyz', 'startupz'].map((probe) => fetch(`http://127.0.0.1:${adminPort}/${probe}`));
    expect((await Promise.all(probes)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('ends with one sentence and exit code 1 at a mistake in a declaration', async () => {
    const mistaken = compileExample((source) => source.replace('Add up rainfall in millimetres.', ''));
    const worker = new Command([process.execPath, mistaken.program], required);
    expect(await worker.ended).toBe(1);
    rmSync(mistaken.folder, { recursive: true });
    expect(worker.output).toBe(
      'weather cannot start: WeatherTools.rainfall has no description: say what it does and when to use it.\n',
    );
  });

  it.each([
    ['NATS that does not answer', { NATS_URL: 'nats://127.0.0.1:1' }, /NATS does not answer at nats:\/\/127.0.0.1:1: /],
    ['a bad setting', { WORKER_CONCURRENCY: '0' }, /Bad settings - WORKER_CONCURRENCY: /],
  ])('ends with one sentence and exit code 1 at %s', async (_case, settings, sentence) => {
    const worker = start(settings);
    expect(await worker.ended).toBe(1);
    expect(worker.output).toMatch(new RegExp(`^weather cannot start: ${sentence.source}[^\\n]*\\n$`));
  });
});
