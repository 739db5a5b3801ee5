import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { StartError } from '@gatehouse/runtime';
import { z } from 'zod';
import type { DataDir } from './data-dir.ts';
import { writeWhole } from './write-whole.ts';

const passwordsSchema = z.object({
  postgresSuperuser: z.string().min(1),
  authorizationServerDatabase: z.string().min(1),
  /** By NATS user. */
  nats: z.record(z.string(), z.string().min(1)),
  /** By NATS user; absent in what was written before there were any. */
  stateKeys: z.record(z.string(), z.string().min(1)).default({}),
});

/** Secrets of the processes of the stack. */
export type Passwords = z.output<typeof passwordsSchema>;

const keyBytes = 32;

/**
 * Reads the passwords, or makes them up at the first start; `natsUsers` without one get theirs.
 * @throws StartError when the file is damaged, or missing beside a database that needs it.
 */
export function readPasswords(dataDir: DataDir, natsUsers: string[]): Passwords {
  const file = dataDir.passwordsFile;
  if (!existsSync(file)) refuseToReplace(dataDir, file);
  const known = existsSync(file)
    ? parsePasswords(file)
    : { postgresSuperuser: makePassword(), authorizationServerDatabase: makePassword(), nats: {}, stateKeys: {} };
  const passwords = {
    ...known,
    nats: { ...Object.fromEntries(natsUsers.map((user) => [user, makePassword()])), ...known.nats },
    stateKeys: { ...Object.fromEntries(natsUsers.map((user) => [user, makeKey()])), ...known.stateKeys },
  };
  writeWhole(file, `${JSON.stringify(passwords, undefined, 2)}\n`);
  return passwords;
}

/**
 * Makes the key-encryption key at the first start.
 * @throws StartError when it is not 32 bytes in base64, or missing beside a database that was sealed with it.
 */
export function ensureEncryptionKey(dataDir: DataDir): void {
  const file = dataDir.encryptionKeyFile;
  if (!existsSync(file)) {
    refuseToReplace(dataDir, file);
    writeWhole(file, `${makeKey()}\n`);
    return;
  }
  const text = readFileSync(file, 'utf8').trim();
  const key = Buffer.from(text, 'base64');
  if (key.length === keyBytes && key.toString('base64') === text) return;
  throw new StartError(
    `The key-encryption key in ${file} is damaged (it must be 32 bytes in base64): restore the file from a backup; the database cannot be opened without it.`,
  );
}

function parsePasswords(file: string): Passwords {
  try {
    return passwordsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new StartError(
      `${file} is damaged: restore it from a backup, or move the whole data directory away to begin with an empty one.`,
      { cause },
    );
  }
}

function refuseToReplace(dataDir: DataDir, file: string): void {
  if (!existsSync(dataDir.postgres)) return;
  throw new StartError(
    `${file} is missing, and the database in ${dataDir.path} cannot be opened without it: restore it from a backup, or move the whole data directory away to begin with an empty one.`,
  );
}

function makeKey(): string {
  return randomBytes(keyBytes).toString('base64');
}

function makePassword(): string {
  return randomBytes(24).toString('base64url');
}
