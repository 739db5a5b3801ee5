import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Coalescer } from './coalescer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function collecting() {
  const handed: string[][] = [];
  const coalescer = new Coalescer<string>({ delayMs: 10, intervalMs: 100 }, (keys) => handed.push([...keys]));
  return { coalescer, handed };
}

describe('a coalescer', () => {
  it('hands over a burst once, soon after its first change', () => {
    const { coalescer, handed } = collecting();
    for (const key of ['a', 'b', 'a']) coalescer.add(key);
    expect(handed).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(handed).toEqual([['a', 'b']]);
  });

  it('hands over what follows at most once in an interval, and nothing twice', () => {
    const { coalescer, handed } = collecting();
    for (let ms = 0; ms < 1_000; ms++) {
      coalescer.add('a');
      vi.advanceTimersByTime(1);
    }
    expect(handed).toHaveLength(10);
    vi.advanceTimersByTime(1_000);
    expect(handed).toHaveLength(11);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is soon again after a pause', () => {
    const { coalescer, handed } = collecting();
    coalescer.add('a');
    vi.advanceTimersByTime(500);
    coalescer.add('b');
    vi.advanceTimersByTime(10);
    expect(handed).toEqual([['a'], ['b']]);
  });

  it('hands over at once when told so, and nothing after it was closed', () => {
    const { coalescer, handed } = collecting();
    coalescer.add('a');
    coalescer.flush();
    expect(handed).toEqual([['a']]);
    coalescer.add('b');
    coalescer.close();
    vi.advanceTimersByTime(1_000);
    expect(handed).toEqual([['a']]);
  });
});
