import { describe, expect, it, vi } from 'vitest';
import { hashPassword, needsRehash, verifyPassword } from './password-hash.ts';

// The other tests hash at a lower cost.
vi.unmock('./password-hash.ts');

const cheap = { memoryKib: 64, passes: 1, lanes: 1 };

describe('the password hash', () => {
  it('is an Argon2id PHC string at the cost of RFC 9106 §4, second recommended option', async () => {
    expect(await hashPassword('correct horse')).toMatch(
      /^\$argon2id\$v=19\$m=65536,t=3,p=4\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
    );
  });

  it('verifies a hash that the reference implementation made', async () => {
    // printf 'password' | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32 -e (phc-winner-argon2 README)
    const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await verifyPassword('password', reference)).toBe(true);
    expect(await verifyPassword('Password', reference)).toBe(false);
  });

  it('differs for the same password, since every hash has its own salt', async () => {
    expect(await hashPassword('same', cheap)).not.toBe(await hashPassword('same', cheap));
  });

  it('accepts the same characters in another Unicode form', async () => {
    expect(await verifyPassword('Cafe\u0301', await hashPassword('Caf\u00e9', cheap))).toBe(true);
  });

  it('asks for a new hash only when it was made at another cost', async () => {
    expect(needsRehash(await hashPassword('x', cheap))).toBe(true);
    expect(needsRehash(await hashPassword('x'))).toBe(false);
  });

  it('verifies more passwords at once than it hashes at once', async () => {
    const encoded = await hashPassword('x', cheap);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => verifyPassword(index % 2 ? 'x' : 'y', encoded)),
    );
    expect(answers).toEqual(Array.from({ length: 12 }, (_, index) => index % 2 === 1));
  });

  it.each([
    ['empty', ''],
    ['another algorithm', '$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['another version', '$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['a cut tag', '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8'],
    ['plain text', 'password'],
  ])('reports a damaged stored hash instead of a wrong password: %s', async (_case, encoded) => {
    await expect(verifyPassword('password', encoded)).rejects.toThrow(/stored password hash/);
  });
});
