import { describe, expect, it } from 'vitest';
import { median, pairedMedian, promise } from './row.ts';

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe('pairedMedian', () => {
  it('compares the values of one round, whatever the machine did in the others', () => {
    expect(pairedMedian([100, 50, 10], [200, 100, 20], (own, other) => own / other)).toBe(0.5);
  });

  it('refuses values of different numbers of rounds', () => {
    expect(() => pairedMedian([1, 2], [1], (a) => a)).toThrow('different rounds');
  });
});

describe('promise', () => {
  it.each([
    [0.65, { least: 0.65 }, true],
    [0.649, { least: 0.65 }, false],
    [2, { most: 2 }, true],
    [2.001, { most: 2 }, false],
    [249.9, { below: 250 }, true],
    [250, { below: 250 }, false],
    [3.5, { least: 3, aim: 4 }, true],
  ])('of %d with %j is kept: %s', (value, limit, kept) => {
    expect(promise('times', value, limit).kept).toBe(kept);
  });
});
