import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { secret } from './settings.ts';

const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';

/** The setting that every process which hands state to clients has. All replicas of a role have the same keys. */
export const stateKeySettings = {
  GATEHOUSE_STATE_KEYS: secret(
    z
      .string()
      .transform((text, context) => {
        const keys = text.split(',').map((part) => Buffer.from(part.trim(), 'base64'));
        if (keys.every((key) => key.length === keyBytes)) return keys as [Buffer, ...Buffer[]];
        context.addIssue('must be 32 bytes in base64, or several such keys separated by commas');
        return z.NEVER;
      })
      .describe(
        'Keys of the state that clients carry, the same on all replicas of a role: 32 bytes in base64 each, comma separated. The first seals, all open',
      ),
  ),
};

/** Seals state that clients carry from one replica to another: they can neither read nor change it (AES-256-GCM). */
export class StateKeys {
  readonly #keys: readonly [Buffer, ...Buffer[]];
  readonly #derived = new Map<string, Buffer[]>();

  constructor(keys: readonly [Buffer, ...Buffer[]]) {
    this.#keys = keys;
  }

  /**
   * Seals a value under the first key.
   * @param purpose what kind of value it is: a value sealed for one purpose never opens for another
   * @param boundTo what must be the same when it is opened, such as the caller
   * @returns base64url text
   */
  seal(purpose: string, boundTo: readonly string[], plaintext: Uint8Array): string {
    const [key] = this.#keysFor(purpose);
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(algorithm, key as Buffer, iv, { authTagLength: tagBytes });
    cipher.setAAD(encodeBinding(boundTo));
    return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]).toString('base64url');
  }

  /** The value again; undefined when it was not sealed by one of these keys for this purpose and binding. */
  open(purpose: string, boundTo: readonly string[], sealed: string): Buffer | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    // Only the one spelling that `seal` writes: the decoder would skip characters that are none of base64url's.
    if (bytes.length < ivBytes + tagBytes || bytes.toString('base64url') !== sealed) return undefined;
    const binding = encodeBinding(boundTo);
    for (const key of this.#keysFor(purpose)) {
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
      decipher.setAAD(binding);
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      const plaintext = decipher.update(bytes.subarray(ivBytes, -tagBytes));
      try {
        return Buffer.concat([plaintext, decipher.final()]);
      } catch {
        // sealed by another key, or by nobody
      }
    }
    return undefined;
  }

  #keysFor(purpose: string): Buffer[] {
    let derived = this.#derived.get(purpose);
    if (derived === undefined) {
      derived = this.#keys.map((key) => Buffer.from(hkdfSync('sha256', key, '', `gatehouse ${purpose}`, keyBytes)));
      this.#derived.set(purpose, derived);
    }
    return derived;
  }
}

/** JSON separates the parts injectively: no two lists share a text. */
function encodeBinding(parts: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(parts));
}
