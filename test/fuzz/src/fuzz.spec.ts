import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

// `npm run fuzz` sends a hundred times as many, and others each time.
const requests = 1_000;

it(`${requests} mutated requests neither crash nor hang nor block a gateway, and show nobody its insides`, async () => {
  const { findings, tally } = await fuzz({ seed: 1, requests });
  expect(findings).toEqual([]);
  expect(tally.total).toBe(requests);
});
