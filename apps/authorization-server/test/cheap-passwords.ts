import { vi } from 'vitest';

// Hashing one password is meant to take longer than everything else that a sign-in does, and these tests sign in hundreds of
// times. They hash at the lowest cost; `password-hash.spec.ts` and test/security have the real one.

const { cost, prefix } = vi.hoisted(() => {
  return { cost: { memoryKib: 8, passes: 1, lanes: 1 }, prefix: '$argon2id$v=19$m=8,t=1,p=1$' };
});

vi.mock('../src/accounts/password-hash.ts', async (importOriginal) => {
  const real = await importOriginal<typeof import('../src/accounts/password-hash.ts')>();
  return {
    ...real,
    hashPassword: (password: string, wanted = cost) => real.hashPassword(password, wanted),
    needsRehash: (encoded: string) => !encoded.startsWith(prefix),
  };
});
