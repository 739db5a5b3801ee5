import { rename } from 'node:fs/promises';
import { ExpectedError } from '@gatehouse/worker';
import { withEntryLock } from './entry-lock.ts';
import type { CheckLock } from './entry-lock.ts';
import { errorCode } from './explain-failure.ts';
import { describeFile } from './file-info.ts';
import type { FileInfo } from './file-info.ts';
import { quote } from './file-path.ts';
import type { Entry, RootDirectory } from './root-directory.ts';
import { statIfThere } from './write-file.ts';

/** Moves or renames a file, a link or a directory; it is at one of the two places at any moment. */
export function moveFile(
  root: RootDirectory,
  from: string,
  to: string,
  options: { overwrite: boolean },
  signal: AbortSignal,
): Promise<FileInfo> {
  if (from === to || to.startsWith(`${from}/`)) {
    throw new ExpectedError(`${quote(from)} cannot be moved to ${quote(to)}: choose a place outside it.`);
  }
  return root.withEntry(from, { follow: false }, async (source) => {
    await checkSource(source, from);
    return root.withEntry(to, { follow: false, makeParents: true }, (target) =>
      withBothLocks(source, target, signal, async (checkLocks) => {
        await checkTarget(target, to, options.overwrite);
        await checkLocks();
        await renameEntry(source, target, from);
        await Promise.all([source.directory.sync(), target.directory.sync()]);
        return describeFile(to, await target.directory.lstat(target.name));
      }),
    );
  });
}

async function checkSource(source: Entry, from: string): Promise<void> {
  const stats = await source.directory.lstat(source.name);
  if (stats.isFile() || stats.isDirectory() || stats.isSymbolicLink()) return;
  throw new ExpectedError(`${quote(from)} is a pipe, socket or device: only files and directories can be moved.`);
}

async function checkTarget(target: Entry, to: string, overwrite: boolean): Promise<void> {
  const existing = await statIfThere(target);
  if (!existing) return;
  if (existing.isDirectory()) {
    throw new ExpectedError(`${quote(to)} is a directory: give the whole new path, such as ${quote(`${to}/name`)}.`);
  }
  if (!existing.isFile() && !existing.isSymbolicLink()) {
    throw new ExpectedError(`${quote(to)} is a pipe, socket or device: choose another path.`);
  }
  if (!overwrite)
    throw new ExpectedError(`${quote(to)} exists already: pass overwrite to replace it, or choose another path.`);
}

async function renameEntry(source: Entry, target: Entry, from: string): Promise<void> {
  try {
    await rename(source.directory.entry(source.name), target.directory.entry(target.name));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new ExpectedError(`There is nothing at ${quote(from)} any more: use list to see what there is.`);
  }
}

/** Locks in an order that is the same for all callers, so that two opposite moves never wait for each other. */
async function withBothLocks<Result>(
  source: Entry,
  target: Entry,
  signal: AbortSignal,
  change: (checkLocks: CheckLock) => Promise<Result>,
): Promise<Result> {
  const [sourceKey, targetKey] = await Promise.all([lockKey(source), lockKey(target)]);
  if (sourceKey === targetKey) return withEntryLock(source, signal, change);
  const [first, second] = sourceKey < targetKey ? [source, target] : [target, source];
  return withEntryLock(first, signal, (checkFirst) =>
    withEntryLock(second, signal, (checkSecond) =>
      change(async () => {
        await Promise.all([checkFirst(), checkSecond()]);
      }),
    ),
  );
}

async function lockKey({ directory, name }: Entry): Promise<string> {
  const { dev, ino } = await directory.stat();
  return `${dev}/${ino}/${name}`;
}
