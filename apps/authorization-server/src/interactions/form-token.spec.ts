import { describe, expect, it } from 'vitest';
import { formToken, isFormToken } from './form-token.ts';

const key = Buffer.alloc(32, 1);
const binding = { formId: 'uid-1', browserId: 'browser-1' };

describe('the form token', () => {
  it('is accepted for its own interaction and browser, by whichever replica shares the key', () => {
    expect(isFormToken(Buffer.alloc(32, 1), { ...binding }, formToken(key, binding))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['of another interaction', formToken(key, { ...binding, formId: 'uid-2' })],
    ['of another browser', formToken(key, { ...binding, browserId: 'browser-2' })],
    ['made with another key', formToken(Buffer.alloc(32, 2), binding)],
    ['with the border between its parts moved', formToken(key, { formId: 'uid-1\nbrowser', browserId: '-1' })],
    ['cut short', formToken(key, binding).slice(0, -1)],
    ['with one character changed', `${formToken(key, binding).slice(0, -1)}-`],
    ['empty', ''],
    ['absent', undefined],
    ['sent twice', [formToken(key, binding), formToken(key, binding)]],
  ])('is refused when it is %s', (_case, presented) => {
    expect(isFormToken(key, binding, presented)).toBe(false);
  });
});
