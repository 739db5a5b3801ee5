import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadSettings } from './settings.ts';
import { StateKeys, stateKeySettings } from './state-keys.ts';

const [first, second] = [randomBytes(32), randomBytes(32)];
const text = Buffer.from('a place in a list');
const keys = new StateKeys([first]);

describe('sealed state', () => {
  it('opens on every replica that has the key, for the same purpose and binding', () => {
    const sealed = keys.seal('cursor', ['default', 'tools'], text);
    expect(new StateKeys([first]).open('cursor', ['default', 'tools'], sealed)).toEqual(text);
    expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it('is another text every time and shows nothing of what is in it', () => {
    const sealed = [keys.seal('cursor', [], text), keys.seal('cursor', [], text)];
    expect(sealed[0]).not.toBe(sealed[1]);
    for (const each of sealed) expect(Buffer.from(each, 'base64url').includes(text)).toBe(false);
  });

  it('opens under an older key, and is sealed under the first', () => {
    const sealed = keys.seal('cursor', [], text);
    expect(new StateKeys([second, first]).open('cursor', [], sealed)).toEqual(text);
    expect(keys.open('cursor', [], new StateKeys([second, first]).seal('cursor', [], text))).toBeUndefined();
  });

  it.each<[string, string, string[], (sealed: string) => string]>([
    ['another purpose', 'request-state', ['a', 'b'], (sealed) => sealed],
    ['another binding', 'cursor', ['a', 'c'], (sealed) => sealed],
    ['the same binding cut elsewhere', 'cursor', ['a","b'], (sealed) => sealed],
    ['no binding', 'cursor', [], (sealed) => sealed],
    ['nothing', 'cursor', ['a', 'b'], () => ''],
    ['a short text', 'cursor', ['a', 'b'], (sealed) => sealed.slice(0, 20)],
    ['a cut-off text', 'cursor', ['a', 'b'], (sealed) => sealed.slice(0, -1)],
    [
      'a changed first character',
      'cursor',
      ['a', 'b'],
      (sealed) => (sealed.startsWith('A') ? 'B' : 'A') + sealed.slice(1),
    ],
    ['characters that decoders skip', 'cursor', ['a', 'b'], (sealed) => `${sealed}\n`],
    ['padding', 'cursor', ['a', 'b'], (sealed) => `${sealed}=`],
  ])('does not open with %s', (_case, purpose, boundTo, change) => {
    const sealed = keys.seal('cursor', ['a', 'b'], text);
    expect(keys.open(purpose, boundTo, change(sealed))).toBeUndefined();
  });

  it('does not open when any one bit was changed', () => {
    const sealed = Buffer.from(keys.seal('cursor', [], text), 'base64url');
    for (let bit = 0; bit < sealed.length * 8; bit += 3) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(keys.open('cursor', [], changed.toString('base64url'))).toBeUndefined();
    }
  });
});

describe('the setting of the state keys', () => {
  const load = (GATEHOUSE_STATE_KEYS?: string) => loadSettings(z.object(stateKeySettings), { GATEHOUSE_STATE_KEYS });

  it('holds one key or several', () => {
    const given = [first, second].map((key) => key.toString('base64')).join(', ');
    expect(load(given).GATEHOUSE_STATE_KEYS).toEqual([first, second]);
  });

  it.each([
    ['absent', undefined, /GATEHOUSE_STATE_KEYS is required/],
    ['short', randomBytes(16).toString('base64'), /GATEHOUSE_STATE_KEYS: must be 32 bytes/],
    ['partly empty', `${first.toString('base64')},`, /must be 32 bytes/],
  ])('stops the start when it is %s', (_case, value, sentence) => {
    expect(() => load(value)).toThrow(sentence);
  });
});
