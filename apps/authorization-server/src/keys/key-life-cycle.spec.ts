import { describe, expect, it } from 'vitest';
import { dueStep, keyPolicy, policyOfCommands } from './key-life-cycle.ts';
import type { KeyAge } from './key-life-cycle.ts';

const day = 24 * 60 * 60;
const policy = keyPolicy({ AUTH_KEY_SET_MAX_AGE_SECONDS: 300, AUTH_SIGNING_KEY_DAYS: 30 });

const key = (id: string, state: KeyAge['state'], more: Partial<KeyAge> = {}): KeyAge => ({
  id,
  state,
  algorithm: 'ES256',
  ageSeconds: 0,
  activeSeconds: null,
  retiredSeconds: null,
  rotationRequested: false,
  ...more,
});
const active = (more: Partial<KeyAge> = {}) => key('a', 'active', { activeSeconds: 0, ...more });
const next = (ageSeconds = 0) => key('n', 'next', { ageSeconds });
const oldKeys = [
  active({ activeSeconds: 999 * day }),
  next(999 * day),
  key('r', 'retired', { retiredSeconds: 99 * day }),
];

describe('the life cycle of signing keys', () => {
  it.each<[string, KeyAge[], unknown]>([
    ['no key', [], { kind: 'create', state: 'active', algorithm: 'ES256' }],
    ['a retired key alone', [key('r', 'retired')], { kind: 'create', state: 'active', algorithm: 'ES256' }],
    ['no active key', [next()], { kind: 'promote', id: 'n', reason: 'no_active_key' }],
    ['no next key', [active()], { kind: 'create', state: 'next', algorithm: 'ES256' }],
    ['two young keys', [active(), next()], undefined],
    [
      'an old key and a next one that nobody may have seen',
      [active({ activeSeconds: 99 * day }), next(309)],
      undefined,
    ],
    [
      'an old key and a next one that everybody has seen',
      [active({ activeSeconds: 30 * day }), next(310)],
      { kind: 'promote', id: 'n', reason: 'scheduled' },
    ],
    ['a key of 29 days', [active({ activeSeconds: 29 * day }), next(29 * day)], undefined],
    ['a request that comes too early', [active({ rotationRequested: true }), next(309)], undefined],
    ['a request', [active({ rotationRequested: true }), next(310)], { kind: 'promote', id: 'n', reason: 'requested' }],
    ['a retired key whose tokens live', [active(), next(), key('r', 'retired', { retiredSeconds: 3_659 })], undefined],
    [
      'a retired key whose last token has expired',
      [active(), next(), key('r', 'retired', { retiredSeconds: 3_660 })],
      { kind: 'remove', id: 'r' },
    ],
  ])('makes the due step for %s', (_what, keys, step) => {
    expect(dueStep(keys, policy)).toEqual(step);
  });

  it.each<[string, KeyAge[], unknown]>([
    ['no key', [], { kind: 'create', state: 'active', algorithm: 'RS256' }],
    [
      'a next key for the other algorithm, which signs nothing any more',
      [active(), next(310)],
      { kind: 'remove', id: 'n' },
    ],
    ['one that another replica has just made', [active(), next(309)], undefined],
    ['no next key', [active()], { kind: 'create', state: 'next', algorithm: 'RS256' }],
    ['a next key that nobody may have seen', [active(), { ...next(309), algorithm: 'RS256' }], undefined],
    [
      'a next key that everybody has seen',
      [active(), { ...next(310), algorithm: 'RS256' }],
      { kind: 'promote', id: 'n', reason: 'other_algorithm' },
    ],
    [
      'keys that are for it already',
      [active({ algorithm: 'RS256' }), { ...next(9_999), algorithm: 'RS256' }],
      undefined,
    ],
  ])('leads to RS256, when that is set, from %s', (_what, keys, step) => {
    expect(dueStep(keys, { ...policy, algorithm: 'RS256' })).toEqual(step);
  });

  it.each<[string, KeyAge[], unknown]>([
    ['one that is like the active one', [active({ algorithm: 'RS256' })], 'RS256'],
    ['none beside an old key, one that everybody has seen and an expired one', oldKeys, undefined],
    ['none when the exchange is asked for', [active({ rotationRequested: true }), next(999 * day)], undefined],
  ])('lets a command, which does not know the settings, make a missing next key only: %s', (_what, keys, algorithm) => {
    const step = algorithm === undefined ? undefined : { kind: 'create', state: 'next', algorithm };
    expect(dueStep(keys, policyOfCommands)).toEqual(step);
  });

  it('lets a command put the next key in the place of a revoked one at once', () => {
    expect(dueStep([next()], policyOfCommands)).toEqual({ kind: 'promote', id: 'n', reason: 'no_active_key' });
  });

  it('knows no schedule when the days are 0', () => {
    const byCommand = keyPolicy({ AUTH_KEY_SET_MAX_AGE_SECONDS: 300, AUTH_SIGNING_KEY_DAYS: 0 });
    expect(dueStep([active({ activeSeconds: 999 * day }), next(999 * day)], byCommand)).toBeUndefined();
  });

  it('publishes a key for longer than anybody may keep an older key set', () => {
    const { leadSeconds } = keyPolicy({ AUTH_KEY_SET_MAX_AGE_SECONDS: 7_200, AUTH_SIGNING_KEY_DAYS: 30 });
    expect(leadSeconds).toBeGreaterThan(7_200 + 5);
  });
});
