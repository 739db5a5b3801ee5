import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExpectedError } from '@gatehouse/worker';
import type { DirectoryHandle } from './directory-handle.ts';
import { quote, reservedPrefix } from './file-path.ts';
import { LockFile, isUnchanged, lookAtLock, takeAway, takeAwayUnclaimed } from './lock-file.ts';
import type { LockState } from './lock-file.ts';
import { isOwnerDead } from './lock-owner.ts';
import type { Entry } from './root-directory.ts';

export const lockPrefix = `${reservedPrefix}lock-`;

const waitMs = 5_000;
const retryMs = 10;
/**
 * A holder refreshes its lock every 500 ms. Measured by the waiter's own clock, for those of two machines may differ; well
 * below `waitMs`, so that no call fails because a worker died.
 */
const staleMs = 2_000;

/** Right before a change becomes visible: @throws ExpectedError when the lock was lost and another call may be at work. */
export type CheckLock = () => Promise<void>;

/**
 * Keeps other workers on the same directory away from an entry between a check (does it exist? which version?) and the
 * change. The lock is a file beside the entry, made exclusively, so that it holds between processes and machines. The
 * lock of a process that died is taken over: at once on the same machine, after `staleMs` without a sign of life elsewhere.
 * @throws ExpectedError when the entry stays locked
 */
export function withEntryLock<Result>(
  { directory, name }: Entry,
  signal: AbortSignal,
  change: (checkLock: CheckLock) => Promise<Result>,
): Promise<Result> {
  const lockName = `${lockPrefix}${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  return withLock(directory, lockName, name, signal, change);
}

/** As `withEntryLock`, by the name of the lock itself; `shown` stands for it in messages. */
export async function withLock<Result>(
  directory: DirectoryHandle,
  lockName: string,
  shown: string,
  signal: AbortSignal,
  change: (checkLock: CheckLock) => Promise<Result>,
): Promise<Result> {
  const busy = () => new ExpectedError(`${quote(shown)} is being changed by another call: try again.`);
  const lock = await acquire(directory, lockName, signal);
  if (!lock) throw busy();
  try {
    signal.throwIfAborted();
    return await change(async () => {
      if (!(await lock.isHeld())) throw busy();
    });
  } finally {
    await lock.release();
  }
}

async function acquire(directory: DirectoryHandle, name: string, signal: AbortSignal): Promise<LockFile | undefined> {
  const giveUpAt = performance.now() + waitMs;
  let seen: LockState | undefined;
  let seenAt = 0;
  for (;;) {
    const lock = await LockFile.tryMake(directory, name);
    if (lock) return lock;
    signal.throwIfAborted();
    const now = performance.now();
    if (now > giveUpAt) return undefined;
    const state = await lookAtLock(directory, name);
    if (!state) continue;
    if (!seen || !isUnchanged(seen, state)) [seen, seenAt] = [state, performance.now()];
    const unchangedMs = now - seenAt;
    if (unchangedMs > 2 * staleMs) await takeAwayUnclaimed(directory, name, state);
    else if (unchangedMs <= staleMs && !isOwnerDead(state.owner)) await sleep(retryMs);
    else if (!(await takeAway(directory, name, state))) await sleep(retryMs);
  }
}
