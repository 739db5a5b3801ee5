import { expect, it } from 'vitest';
import { announceHostile } from './announce-hostile.ts';

it('hostile definitions of a worker neither crash a gateway nor keep it busy for more than 250 ms', async () => {
  const { findings, announced, stored } = await announceHostile();
  expect(findings).toEqual([]);
  // Some are refused, and some are odd but within the rules.
  expect(stored).toBeGreaterThan(5);
  expect(announced - stored).toBeGreaterThan(5);
});
