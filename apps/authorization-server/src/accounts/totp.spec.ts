import { describe, expect, it } from 'vitest';
import { base32, findTotpStep, newTotpSecret, totpCode, totpKeyUri, totpStep } from './totp.ts';

/** The secret of the tests in RFC 4226 appendix D and RFC 6238 appendix B. */
const secret = Buffer.from('12345678901234567890');

describe('a time-based code', () => {
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at second %d is %s, the last six digits of RFC 6238 appendix B', (second, code) => {
    expect(totpCode(secret, totpStep(second * 1_000))).toBe(code);
  });

  it('is good in its own step of thirty seconds and the one before and after it', () => {
    const nowMs = 1_800_000_000_000;
    const accepted = [-2, -1, 0, 1, 2].filter(
      (distance) => findTotpStep(secret, totpCode(secret, totpStep(nowMs) + distance), nowMs) !== undefined,
    );
    expect(accepted).toEqual([-1, 0, 1]);
  });

  it.each(['', '12345', '1234567', 'abcdef', '２８７０８２', '28708２'])('is not %j', (code) => {
    expect(findTotpStep(secret, code, 59_000)).toBeUndefined();
  });
});

describe('a shared secret', () => {
  it('has 160 random bits (RFC 4226 §4 R6)', () => {
    expect(newTotpSecret()).toHaveLength(20);
    expect(newTotpSecret()).not.toEqual(newTotpSecret());
  });

  it.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('is written in base32: %j is %s (RFC 4648 §10)', (bytes, text) => {
    expect(base32(Buffer.from(bytes))).toBe(text);
  });

  it('reaches the authenticator in a key URI, with names that cannot break out of it', () => {
    expect(totpKeyUri({ secret, issuer: 'Gatehouse: a&b', account: 'ada:x@example.com' })).toBe(
      'otpauth://totp/Gatehouse%20%20a%26b:ada%20x%40example.com' +
        '?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Gatehouse%20%20a%26b',
    );
  });
});
