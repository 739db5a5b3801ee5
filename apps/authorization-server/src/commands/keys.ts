import { StartError } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';
import type { CommandSettings } from '../config.ts';
import { readKeyEncryption } from '../keys/key-encryption.ts';
import { keyPolicy } from '../keys/key-life-cycle.ts';
import type { KeyAge } from '../keys/key-life-cycle.ts';
import { openSigningKeys, readKeyAges, requestRotation, revokeSigningKey } from '../keys/signing-keys.ts';

/** How the commands are called. */
export const keysUsage = ['keys list', 'keys rotate', 'keys revoke <key id>'];

/**
 * Signing keys: shows them, asks for the exchange of the active one, or takes one out of the set at once.
 * @returns what to print; undefined for words that are no command.
 * @throws StartError for a key that does not exist, and when the key-encryption key does not open the stored keys.
 */
export async function runKeysCommand(
  dataSource: DataSource,
  settings: CommandSettings,
  [command, id, ...more]: string[],
): Promise<string[] | undefined> {
  if (more.length > 0 || (command === 'revoke') !== (id !== undefined)) return undefined;
  if (command === 'list') return (await readKeyAges(dataSource.manager)).map(describeKey);
  if (command === 'rotate') return rotate(dataSource, settings);
  return id === undefined ? undefined : revoke(dataSource, settings, id);
}

async function rotate(dataSource: DataSource, settings: CommandSettings): Promise<string[]> {
  const seconds = await requestRotation(dataSource, keyPolicy(settings));
  const when = seconds === 0 ? 'within seconds' : `in ${seconds} s, when every resource server has seen it`;
  return [`The next key takes over ${when}.`];
}

async function revoke(dataSource: DataSource, settings: CommandSettings, id: string): Promise<string[]> {
  const encryption = readKeyEncryption(settings);
  // A new key may have to be made, and nothing is made beside keys that do not open.
  await openSigningKeys(dataSource.manager, encryption);
  if (!(await revokeSigningKey(dataSource, encryption, keyPolicy(settings), id))) {
    throw new StartError(`There is no signing key ${id}: \`keys list\` shows them.`);
  }
  const active = (await readKeyAges(dataSource.manager)).find(({ state }) => state === 'active');
  return [
    `The key ${id} is revoked, ${active?.id ?? 'none'} signs.`,
    `Resource servers refuse its tokens when they fetch the key set again, in ${settings.AUTH_KEY_SET_MAX_AGE_SECONDS} s at most.`,
  ];
}

function describeKey(key: KeyAge): string {
  const asked = key.rotationRequested ? ', to be exchanged' : '';
  return `${key.id}  ${key.state}  published for ${Math.floor(key.ageSeconds)} s${asked}`;
}
