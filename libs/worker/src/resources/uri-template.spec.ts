import { describe, expect, it } from 'vitest';
import { compileUriTemplate } from './uri-template.ts';

describe('compileUriTemplate', () => {
  it.each([
    ['test://{id}/data', 'test://1%2F2/data', { id: '1/2' }],
    ['test://{id}/data', 'test://a.b~c/data', { id: 'a.b~c' }],
    ['test://{a}/{b}', 'test://1/2', { a: '1', b: '2' }],
    ['files:///{+path}', 'files:///a/b%20c/d?e', { path: 'a/b c/d?e' }],
    ['files:///{+path}', 'files:///', { path: '' }],
    ['x://(a)+[b].{id}', 'x://(a)+[b].1', { id: '1' }],
    ['x://{a}-{b}', 'x://1-2-3', { a: '1', b: '2-3' }],
    ['x://{+a}-{b}', 'x://1/2-3/4-5', { a: '1/2-3/4', b: '5' }],
    ['x://{a}/{+b}/{c}.txt', 'x://1/2/3/4.txt', { a: '1', b: '2/3', c: '4' }],
  ])('%s reads the variables of %s', (template, uri, variables) => {
    expect(compileUriTemplate(template).match(uri)).toEqual(variables);
  });

  it.each([
    ['test://{id}/data', 'test://1/2/data'],
    ['test://{id}/data', 'test:///data'],
    ['test://{id}', 'test://1?2'],
    ['test://{id}', 'test://%zz'],
    ['test://{id}', 'test://%ff'],
    ['test://{id}/data', 'test://1/data/more'],
    ['x://a.{id}', 'x://aa1'],
    ['x://{a}-{b}', 'x://-2'],
    ['x://{a}-{b}', 'x://1-'],
    ['x://{a}/{+b}/{c}', 'x://1/2'],
    ['x://{+a}/end', 'x://end'],
  ])('%s does not match %s', (template, uri) => {
    expect(compileUriTemplate(template).match(uri)).toBeUndefined();
  });

  it.each([
    ['test://plain', /no variable/],
    ['test://{a}{b}', /the variable b needs literal text before it/],
    ['test://{a}/{a}', /appears twice/],
    ['test://{+a}/{+b}', /at most one/],
    ['test://{?query}', /\{\?query\} is not a variable/],
    ['test://{a,b}', /is not a variable/],
    ['test://{a:3}', /is not a variable/],
    ['test://{}', /is not a variable/],
    ['test://{a', /braces/],
    ['test://{a}}', /braces/],
  ])('refuses %s', (template, reason) => {
    expect(() => compileUriTemplate(template)).toThrow(reason);
  });

  it('matches a long foreign URI in linear time', () => {
    const { match } = compileUriTemplate('test://{a}-{b}-{c}/{+d}/end');
    const started = performance.now();
    expect(match(`test://${'-'.repeat(8_000)}`)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
