import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageOf, serveDirectory, valueOf } from './served-directory.ts';
import type { ServedDirectory } from './served-directory.ts';

const program = path.join(import.meta.dirname, 'writer-process.ts');
const lockName = `.gatehouse-lock-${createHash('sha256').update('a.txt').digest('hex').slice(0, 32)}`;

let served: ServedDirectory;
let writer: ChildProcess | undefined;

beforeEach(async () => {
  served = await serveDirectory({ 'a.txt': 'old' });
});

afterEach(() => {
  writer?.kill('SIGKILL');
  served.remove();
});

/** Another worker that has locked a file and written half of it. */
async function startWriter(name = 'a.txt'): Promise<{ process: ChildProcess; said: () => string }> {
  const child = spawn(
    process.execPath,
    ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', program, served.inside(), name],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  writer = child;
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes('locked\n')) {
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error('The writer ended early.');
  }
  return { process: child, said: () => said };
}

async function timed<Result>(work: Promise<Result>): Promise<{ result: Result; tookMs: number }> {
  const startedAt = performance.now();
  return { result: await work, tookMs: performance.now() - startedAt };
}

/** What the lock of a process on this machine that was killed says. */
let abandoned = '';

const write = (content: string) => served.server.callTool('write', { path: 'a.txt', content, overwrite: true });

describe('the lock of an entry', () => {
  it('is taken over at once when its process was killed in mid-write', async () => {
    const { process: child } = await startWriter();
    child.kill('SIGKILL');
    await once(child, 'exit');
    abandoned = readFileSync(served.inside(lockName), 'utf8');
    const { result, tookMs } = await timed(write('new'));
    expect(valueOf(result)).toMatchObject({ outcome: 'replaced' });
    expect(tookMs).toBeLessThan(1_900);
    expect(existsSync(served.inside(lockName))).toBe(false);
  });

  it.each([
    ['of a process on another machine', '0b0e1c6e-0000-4000-8000-000000000000 1 elsewhere boot pid:[1]'],
    ['of a process that was killed before it said who it is', ''],
  ])('%s is taken over after 2 s without a sign of life', async (_case, owner) => {
    writeFileSync(served.inside(lockName), owner);
    const { result, tookMs } = await timed(write('new'));
    expect(valueOf(result)).toMatchObject({ outcome: 'replaced' });
    expect(tookMs).toBeGreaterThan(1_900);
    expect(tookMs).toBeLessThan(4_500);
  });

  it('is left to a process that lives, however long its change takes', async () => {
    const { process: child, said } = await startWriter();
    expect(messageOf(await write('new'))).toMatch(/is being changed by another call: try again/);
    expect(readFileSync(served.inside('a.txt'), 'utf8')).toBe('old');
    child.stdin?.write('go\n');
    await once(child, 'exit');
    expect(said()).toBe('locked\nheld\n');
    expect(valueOf(await write('new'))).toMatchObject({ outcome: 'replaced' });
  });

  it('keeps the directory that a process is about to write into', async () => {
    mkdirSync(served.inside('folder'));
    const { process: child, said } = await startWriter('folder/new.txt');
    const refused = await served.server.callTool('delete', { path: 'folder' });
    expect(messageOf(refused)).toMatch(/is being changed by another call: try again/);
    expect(readdirSync(served.inside('folder'))).toContain('.gatehouse-write-half');
    child.stdin?.write('go\n');
    await once(child, 'exit');
    expect(said()).toBe('locked\nheld\n');
  });

  it('is taken over from a stopped process, which changes nothing and leaves the lock of its successor alone', async () => {
    const { process: child, said } = await startWriter();
    child.kill('SIGSTOP');
    expect(valueOf(await write('new'))).toMatchObject({ outcome: 'replaced' });
    writeFileSync(served.inside(lockName), 'a successor');
    child.kill('SIGCONT');
    child.stdin?.write('go\n');
    await once(child, 'exit');
    expect(said()).toMatch(/^locked\n.*is being changed by another call: try again/);
    expect(readFileSync(served.inside(lockName), 'utf8')).toBe('a successor');
  });

  it('of a killed process is taken over by one of many who see it, and fails none of them', async () => {
    for (let round = 0; round < 20; round++) {
      writeFileSync(served.inside(lockName), abandoned);
      const answers = await Promise.all(Array.from({ length: 20 }, (_none, index) => write(`${round}/${index}`)));
      expect(answers.filter(({ result }) => result.isError).map(messageOf)).toEqual([]);
    }
    expect(readdirSync(served.inside())).toEqual(['a.txt']);
  });
});
