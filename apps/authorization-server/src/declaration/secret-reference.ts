import { readFileSync } from 'node:fs';
import path from 'node:path';
import { StartError } from '@gatehouse/runtime';
import { z } from 'zod';

/** Where a secret is: the only form in which a declaration or a command's parameter may have one. */
export const secretReference = z
  .string({ error: 'must be a reference to the secret: env:<NAME> or file:<path>' })
  .regex(
    /^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\0\r\n]+)$/,
    'must be a reference to the secret, env:<NAME> or file:<path>, and never the secret itself',
  );

/** Where references are looked up. */
export interface SecretSource {
  environment: (name: string) => string | undefined;
  /** Folder that relative paths begin at. */
  folder: string;
}

/**
 * Reads the secret that a reference names; of a file without the line's end.
 * @param whose begins the sentence that says what is missing, such as `clients[0].client_secret`.
 * @throws StartError which repeats the reference and never the secret.
 */
export function readSecret(reference: string, source: SecretSource, whose: string): string {
  const isVariable = reference.startsWith('env:');
  const name = reference.slice(reference.indexOf(':') + 1);
  const secret = isVariable ? source.environment(name) : readFile(path.resolve(source.folder, name), whose, reference);
  if (secret === undefined || secret === '') {
    throw new StartError(`${whose} is ${reference}, which is ${isVariable ? 'not set' : 'empty'}.`);
  }
  return secret;
}

function readFile(file: string, whose: string, reference: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new StartError(`${whose} is ${reference}, which cannot be read: check the path and its permissions.`, {
      cause,
    });
  }
}
