import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const stepSeconds = 30;
const digits = 6;
/** RFC 6238 §5.2: at most one step for transmission and for clocks that differ. */
const toleratedSteps = [0, -1, 1];
/** RFC 4226 §4 R6 recommends 160 bits, the output of SHA-1. */
const secretBytes = 20;

/** A fresh shared secret. */
export function newTotpSecret(): Buffer {
  return randomBytes(secretBytes);
}

/** The number of the time step that a moment lies in (RFC 6238 §4.2, X = 30, T0 = 0). */
export function totpStep(nowMs = Date.now()): number {
  return Math.floor(nowMs / 1_000 / stepSeconds);
}

/**
 * The code of a time step: HOTP (RFC 4226 §5.3) with the step as counter (RFC 6238 §4). SHA-1 and six digits, for
 * authenticator apps ignore whatever else a key URI asks for.
 */
export function totpCode(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = mac.at(-1)! & 0x0f;
  const truncated = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(truncated % 10 ** digits).padStart(digits, '0');
}

/** The step whose code this is, near to now; undefined for a wrong code. */
export function findTotpStep(secret: Buffer, code: string, nowMs = Date.now()): number | undefined {
  const given = Buffer.from(code);
  if (given.length !== digits) return undefined;
  const present = totpStep(nowMs);
  return toleratedSteps
    .map((distance) => present + distance)
    .find((step) => timingSafeEqual(Buffer.from(totpCode(secret, step)), given));
}

/** What an authenticator app reads from the QR code; no colon may stand in the names. */
export function totpKeyUri(key: { secret: Buffer; issuer: string; account: string }): string {
  const [issuer, account] = [key.issuer, key.account].map((name) => encodeURIComponent(name.replaceAll(':', ' ')));
  return `otpauth://totp/${issuer}:${account}?secret=${base32(key.secret)}&issuer=${issuer}`;
}

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 §6, without padding. */
export function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += base32Alphabet[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + base32Alphabet[(value << (5 - bits)) & 31];
}
