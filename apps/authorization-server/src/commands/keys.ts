import { StartError } from '@gatehouse/runtime';
import { readKeyEncryption } from '../keys/key-encryption.ts';
import type { KeyAge } from '../keys/key-life-cycle.ts';
import { openSigningKeys, readKeyAges, requestRotation, revokeSigningKey } from '../keys/signing-keys.ts';
import type { Command, CommandContext, CommandOutput } from './command.ts';

/** Signing keys: shows them, asks for the exchange of the active one, or takes one out of the set at once. */
export const keyCommands: Command[] = [
  {
    name: 'keys list',
    summary: 'Show the signing keys and their states',
    isList: true,
    run: async ({ dataSource }) => {
      const keys = await readKeyAges(dataSource.manager);
      return { lines: keys.map(describeKey), records: keys };
    },
  },
  {
    name: 'keys rotate',
    summary: 'Exchange the active signing key for the next one, as soon as every resource server has seen it',
    run: rotate,
  },
  {
    name: 'keys revoke',
    summary: 'Emergency: take a signing key out of the set at once, whatever it signed',
    operands: ['<key id>'],
    run: (context, input) => revoke(context, input.operand(0)),
  },
];

async function rotate({ dataSource }: CommandContext): Promise<CommandOutput> {
  const seconds = await requestRotation(dataSource);
  return {
    lines: [
      'The next key takes over when every resource server has seen it: a few seconds after it has been published for ' +
        `the AUTH_KEY_SET_MAX_AGE_SECONDS of the servers. So far it has been for ${seconds} s.`,
    ],
  };
}

async function revoke({ dataSource, settings }: CommandContext, id: string): Promise<CommandOutput> {
  const encryption = readKeyEncryption(settings);
  // A new key may have to be made, and nothing is made beside keys that do not open.
  await openSigningKeys(dataSource.manager, encryption);
  if (!(await revokeSigningKey(dataSource, encryption, id))) {
    throw new StartError(`There is no signing key ${id}: \`keys list\` shows them.`);
  }
  const active = (await readKeyAges(dataSource.manager)).find(({ state }) => state === 'active');
  return {
    lines: [
      `The key ${id} is revoked, ${active?.id ?? 'none'} signs.`,
      'Gateways refuse its tokens within a second, other resource servers when they fetch the key set again, ' +
        'at most the AUTH_KEY_SET_MAX_AGE_SECONDS of the servers later.',
    ],
  };
}

function describeKey(key: KeyAge): string {
  const asked = key.rotationRequested ? ', to be exchanged' : '';
  return `${key.id}  ${key.state}  published for ${Math.floor(key.ageSeconds)} s${asked}`;
}
