import { describe, expect, it } from 'vitest';
import { templateMatcher } from './uri-template.ts';

describe('templateMatcher', () => {
  it.each([
    ['files:///{name}', 'files:///a.txt'],
    ['files:///{name}', 'files:///'],
    ['files:///{+path}', 'files:///a/b/c.txt'],
    ['files:///{dir}/{name}', 'files:///a/b'],
    ['files://{/segments}', 'files:///a/b'],
    ['db:{table}?id={id}', 'db:users?id=1'],
    ['files:///fixed', 'files:///fixed'],
    ['{+any}', 'files:///a'],
    ['x:{a}aa{b}', 'x:aaaa'],
    ['x:aa{a}', 'x:aa'],
  ])('%s matches %s', (template, uri) => {
    expect(templateMatcher(template).matches(uri)).toBe(true);
  });

  it.each([
    ['files:///{name}', 'files:///a/b'],
    ['files:///{dir}/{name}', 'files:///a'],
    ['files:///{name}', 'file:///a'],
    ['files:///{name}.md', 'files:///a.txt'],
    ['files:///fixed', 'files:///fixed/more'],
    ['files:///{unclosed', 'files:///a'],
  ])('%s does not match %s', (template, uri) => {
    expect(templateMatcher(template).matches(uri)).toBe(false);
  });

  it('answers at once for a template that would make a regular expression backtrack for ever', () => {
    const startedAt = performance.now();
    const uri = `x:${'a'.repeat(2_000)}`;
    expect(templateMatcher(`x:${'{+a}'.repeat(16)}b`).matches(uri)).toBe(false);
    expect(templateMatcher(`x:${'{+a}'.repeat(500)}b`).matches(uri)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});
