import { getHeapSpaceStatistics } from 'node:v8';
import { expect, it } from 'vitest';
import { releaseStartMemory } from './release-start-memory.ts';

function youngGenerationBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.physical_space_size ?? 0;
}

it('gives the pages of the young generation back, and leaves no collector in reach', () => {
  let survivors: object[] = [];
  for (let n = 0; n < 200_000; n++) survivors.push({ n });
  const before = youngGenerationBytes();
  survivors = [];
  releaseStartMemory();
  expect(youngGenerationBytes()).toBeLessThan(before / 2);
  expect(survivors).toEqual([]);
  expect('gc' in globalThis).toBe(false);
});
