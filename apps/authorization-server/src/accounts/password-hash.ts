import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';

/** Cost of one Argon2id hash. `memoryKib` is in KiB (RFC 9106 calls it m), `passes` is t, `lanes` is p. */
interface Argon2Cost {
  memoryKib: number;
  passes: number;
  lanes: number;
}

/** RFC 9106 §4, second recommended option: 64 MiB, three passes, four lanes, 128-bit salt, 256-bit tag. */
const currentCost: Argon2Cost = { memoryKib: 65_536, passes: 3, lanes: 4 };

const saltBytes = 16;
const tagBytes = 32;

/** Each hash holds 64 MiB and a thread of the pool that also resolves names and reads files. */
const hashesAtOnce = 2;

/** So many people wait for a hash at most; the last of them waits a few seconds. */
const mostWaiting = 64;

/**
 * Hashes a password with a fresh salt.
 * @returns the PHC string `$argon2id$v=19$m=...,t=...,p=...$salt$tag`, which carries its own cost.
 */
export async function hashPassword(password: string, cost: Argon2Cost = currentCost): Promise<string> {
  const salt = randomBytes(saltBytes);
  const tag = await deriveTag(password, salt, cost);
  return `${costPrefix(cost)}$${unpaddedBase64(salt)}$${unpaddedBase64(tag)}`;
}

/**
 * Compares in constant time, at the cost that the encoded hash names.
 * @throws Error when the encoded hash is not one of ours: a damaged row is not a wrong password.
 */
export async function verifyPassword(password: string, encoded: string): Promise<boolean> {
  const { cost, salt, tag } = parseEncoded(encoded);
  return timingSafeEqual(await deriveTag(password, salt, cost), tag);
}

/** True when the hash was made at another cost than today's and should be made again at the next sign-in. */
export function needsRehash(encoded: string): boolean {
  return !encoded.startsWith(`${costPrefix(currentCost)}$`);
}

function costPrefix(cost: Argon2Cost): string {
  return `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=${cost.lanes}`;
}

function parseEncoded(encoded: string): { cost: Argon2Cost; salt: Buffer; tag: Buffer } {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(encoded);
  if (!match) throw new Error('a stored password hash is not an Argon2id PHC string');
  const [, memoryKib, passes, lanes, salt, tag] = match as unknown as [string, string, string, string, string, string];
  const tagBuffer = Buffer.from(tag, 'base64');
  if (tagBuffer.length !== tagBytes) throw new Error('a stored password hash has a tag of another length');
  return {
    cost: { memoryKib: Number(memoryKib), passes: Number(passes), lanes: Number(lanes) },
    salt: Buffer.from(salt, 'base64'),
    tag: tagBuffer,
  };
}

function unpaddedBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

async function deriveTag(password: string, salt: Buffer, cost: Argon2Cost): Promise<Buffer> {
  // NIST SP 800-63B §3.1.1.2: one normal form, or the same password typed on another keyboard is wrong.
  const message = password.normalize('NFKC');
  const parameters = {
    message,
    nonce: salt,
    parallelism: cost.lanes,
    tagLength: tagBytes,
    memory: cost.memoryKib,
    passes: cost.passes,
  };
  return await oneOfFew(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(tag)));
      }),
  );
}

let inside = 0;

/**
 * Runs work that hashes, unless too many are at it already: a queue without an end would answer nobody in time. The
 * answer is given before anything is looked up, so it says nothing of any account.
 * @returns undefined when there was no room.
 */
export async function whileRoomForHashes<T>(work: () => Promise<T>): Promise<T | undefined> {
  if (inside >= mostWaiting) return undefined;
  inside += 1;
  try {
    return await work();
  } finally {
    inside -= 1;
  }
}

let running = 0;
const waiting: (() => void)[] = [];

/** Runs `work` when fewer than `hashesAtOnce` run; the others wait in order. */
async function oneOfFew<T>(work: () => Promise<T>): Promise<T> {
  if (running >= hashesAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}
