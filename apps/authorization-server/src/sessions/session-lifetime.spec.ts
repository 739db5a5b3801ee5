import { describe, expect, it } from 'vitest';
import { sessionLifetime } from './session-lifetime.ts';

const hour = 3_600;
const now = 1_800_000_000;

describe('a browser session', () => {
  it.each([
    ['eight hours from its login', now, 8 * hour],
    ['eight hours from each use', now - 10 * hour, 8 * hour],
    ['never more than a day from its login', now - 20 * hour, 4 * hour],
    ['not at all after a day, which the provider is told as a second', now - 24 * hour, 1],
    ['eight hours while nobody is signed in', undefined, 8 * hour],
  ])('lasts %s', (_case, loginTs, seconds) => {
    expect(sessionLifetime(loginTs, now)).toBe(seconds);
  });
});
