import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lockDataDir } from './data-dir-lock.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Locks in a process of its own, which holds the lock until it is killed. */
async function lockElsewhere(file: string) {
  const source = `
    import { lockDataDir } from ${JSON.stringify(path.join(import.meta.dirname, 'data-dir-lock.ts'))};
    console.log(lockDataDir(${JSON.stringify(file)}) ? 'locked' : 'refused');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [answer] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, answer: answer.toString().trim() };
}

describe('the lock on a data directory', () => {
  it('keeps a second process out, and lets it in once released', async () => {
    const file = path.join(folder, 'released');
    const lock = lockDataDir(file);
    const refused = await lockElsewhere(file);
    lock?.release();
    const admitted = await lockElsewhere(file);
    for (const { child } of [refused, admitted]) child.kill('SIGKILL');
    expect([refused.answer, admitted.answer]).toEqual(['refused', 'locked']);
  });

  it('ends with a holder that was killed', async () => {
    const file = path.join(folder, 'killed');
    const { child } = await lockElsewhere(file);
    expect(lockDataDir(file)).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = lockDataDir(file);
    expect(lock).toBeDefined();
    lock?.release();
  });

  it('leaves no file behind', () => {
    const file = path.join(folder, 'gone');
    lockDataDir(file)?.release();
    expect(existsSync(file)).toBe(false);
  });
});
