import { describe, expect, it } from 'vitest';
import { findMissingCapabilities } from './client-capabilities.ts';

describe('required client capabilities', () => {
  it.each<[string, object, Record<string, unknown>, object | undefined]>([
    ['one that is not declared', { sampling: {} }, {}, { sampling: {} }],
    ['only what is missing of several', { sampling: {}, roots: {} }, { roots: {} }, { sampling: {} }],
    ['a feature of a declared one', { sampling: { tools: {} } }, { sampling: {} }, { sampling: { tools: {} } }],
    [
      'url mode beside implied form mode',
      { elicitation: { url: {} } },
      { elicitation: {} },
      { elicitation: { url: {} } },
    ],
    [
      'form mode when only url is declared',
      { elicitation: { form: {} } },
      { elicitation: { url: {} } },
      { elicitation: { form: {} } },
    ],
    ['an extension', { extensions: { 'a.b/c': {} } }, { extensions: {} }, { extensions: { 'a.b/c': {} } }],
    ['one declared as something else', { sampling: {} }, { sampling: true }, { sampling: {} }],
    ['nothing when all is declared', { sampling: {} }, { sampling: { tools: {} } }, undefined],
    ['nothing for form mode when elicitation is empty', { elicitation: { form: {} } }, { elicitation: {} }, undefined],
  ])('report %s', (_what, required, declared, missing) => {
    expect(findMissingCapabilities(required, declared)).toEqual(missing);
  });
});
