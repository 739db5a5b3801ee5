import { expect, it } from 'vitest';
import { asPrepared } from './prepared-statement.ts';

it('a statement with parameters is prepared under a name that belongs to its text', () => {
  const [first] = asPrepared(['SELECT $1', ['a']]) as [{ name: string }];
  expect(asPrepared(['SELECT $1', ['b']])).toEqual([{ name: first.name, text: 'SELECT $1', values: ['b'] }]);
  const [other] = asPrepared(['SELECT $1, 2', ['a']]) as [{ name: string }];
  expect(other.name).not.toBe(first.name);
});

it.each([[['COMMIT']], [['SELECT 1', []]], [['SELECT 1', undefined]], [[{ text: 'SELECT $1', values: ['a'] }]]])(
  'anything else is sent as it is: %j',
  (parameters) => {
    expect(asPrepared(parameters)).toBe(parameters);
  },
);

it('of texts that are built there is an end', () => {
  const named = Array.from({ length: 600 }, (_, index) => asPrepared([`SELECT $1 -- ${index}`, ['a']])[0]);
  expect(named.filter((query) => typeof query === 'object').length).toBeLessThanOrEqual(500);
  expect(named.at(-1)).toBe('SELECT $1 -- 599');
});
