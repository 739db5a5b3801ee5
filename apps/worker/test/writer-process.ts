import { open } from 'node:fs/promises';
import { RootDirectory } from '../src/files/root-directory.ts';
import { withEntryLock } from '../src/files/entry-lock.ts';

/**
 * A worker in mid-write, for tests that kill or stop it: holds the lock of an entry until its input ends, then checks the
 * lock and releases it. Says `locked` and then what came of it.
 */
const [, , served = '', name = ''] = process.argv;
const root = await RootDirectory.open(served);
const outcome = await root.withEntry(name, { follow: true }, (entry) =>
  withEntryLock(entry, AbortSignal.timeout(60_000), async (checkLock) => {
    const temporary = await open(entry.directory.entry('.gatehouse-write-half'), 'w');
    await temporary.writeFile('half');
    await temporary.close();
    process.stdout.write('locked\n');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    return checkLock().then(
      () => 'held',
      (error: unknown) => String(error),
    );
  }),
);
process.stdout.write(`${outcome}\n`);
process.exit();
