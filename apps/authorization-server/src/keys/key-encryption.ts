import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { StartError } from '@gatehouse/runtime';
import { nameEncryptionKey } from '../config.ts';

const formatVersion = 1;
const ivBytes = 12;
const tagBytes = 16;

/**
 * Seals secrets under the key-encryption key: AES-256-GCM, with the row that holds the secret as associated data, so
 * that a sealed value moved to another row does not open.
 */
export class KeyEncryption {
  readonly #keys: Buffer[];

  /** @param keys the present key, then older ones that still open. */
  constructor(keys: Buffer[]) {
    this.#keys = keys;
  }

  seal(rowId: string, secret: Buffer): Buffer {
    return sealWith(this.#keys[0]!, rowId, secret);
  }

  /** @returns undefined when none of the keys opens it for this row. */
  open(rowId: string, sealed: Buffer): Buffer | undefined {
    for (const key of this.#keys) {
      const secret = openWith(key, rowId, sealed);
      if (secret) return secret;
    }
    return undefined;
  }
}

/** AES-256-GCM with a random 96-bit IV (NIST SP 800-38D §8.2.2): version, IV, tag, ciphertext. */
export function sealWith(key: Buffer, associatedData: string, secret: Buffer): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(associatedData));
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([Buffer.from([formatVersion]), iv, cipher.getAuthTag(), ciphertext]);
}

/** @returns undefined when the key, the associated data or the sealed value is not the one. */
export function openWith(key: Buffer, associatedData: string, sealed: Buffer): Buffer | undefined {
  if (sealed[0] !== formatVersion || sealed.length < 1 + ivBytes + tagBytes) return undefined;
  const iv = sealed.subarray(1, 1 + ivBytes);
  const tag = sealed.subarray(1 + ivBytes, 1 + ivBytes + tagBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(associatedData)).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + ivBytes + tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/**
 * Reads the key-encryption keys from the settings.
 * @throws StartError naming the setting whose key is not 32 bytes in base64.
 */
export function readKeyEncryption(settings: {
  GATEHOUSE_ENCRYPTION_KEY: string;
  GATEHOUSE_ENCRYPTION_KEY_PREVIOUS: string;
}): KeyEncryption {
  const previous = settings.GATEHOUSE_ENCRYPTION_KEY_PREVIOUS.split(',').filter((text) => text.trim() !== '');
  return new KeyEncryption([
    parseKey(nameEncryptionKey(), settings.GATEHOUSE_ENCRYPTION_KEY),
    ...previous.map((text) => parseKey('GATEHOUSE_ENCRYPTION_KEY_PREVIOUS', text)),
  ]);
}

function parseKey(name: string, text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (/^[A-Za-z0-9+/]{43}=$/.test(text.trim()) && key.length === 32) return key;
  throw new StartError(
    `${name} is not a key: give 32 random bytes in base64 (44 characters), made with \`openssl rand -base64 32\`.`,
  );
}
