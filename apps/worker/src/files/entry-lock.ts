import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExpectedError } from '@gatehouse/worker';
import { errorCode } from './explain-failure.ts';
import { quote, reservedPrefix } from './file-path.ts';
import type { Entry } from './root-directory.ts';

const waitMs = 5_000;
const retryMs = 10;
/** A change takes milliseconds, plus the writing of some MiB; a lock this old belongs to a process that died. */
const staleMs = 30_000;

/**
 * Keeps other workers on the same directory away from an entry between a check (does it exist? which version?) and the
 * change. The lock is a file beside the entry, made exclusively, so that it holds between processes and machines.
 * @throws ExpectedError when the entry stays locked
 */
export async function withEntryLock<Result>(
  { directory, name }: Entry,
  signal: AbortSignal,
  change: () => Promise<Result>,
): Promise<Result> {
  const lockName = `${reservedPrefix}lock-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  const lock = directory.entry(lockName);
  const giveUpAt = performance.now() + waitMs;
  while (!(await tryLock(lock))) {
    signal.throwIfAborted();
    if (performance.now() > giveUpAt)
      throw new ExpectedError(`${quote(name)} is being changed by another call: try again.`);
    const ageMs = await directory.lstat(lockName).then(
      ({ ctimeMs }) => Date.now() - Number(ctimeMs),
      () => 0,
    );
    if (ageMs > staleMs) await rm(lock, { force: true });
    else await sleep(retryMs);
  }
  try {
    signal.throwIfAborted();
    return await change();
  } finally {
    await rm(lock, { force: true });
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx');
    await handle.close();
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
