import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ReadBudget, TaskReadsBusyError } from './read-budget.ts';

/** Reads that end when they are told to; `begun` names them in the order in which they began. */
function openBudget(limits: { maxWaitMs?: number; maxWaitingPerReader?: number } = {}) {
  const budget = new ReadBudget({ maxBytes: 10, maxWaitMs: 10_000, maxWaitingPerReader: 10, ...limits });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    read: (name: string, bytes: number) =>
      budget.read(name.slice(0, 1), bytes, () => {
        begun.push(name);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      }),
    end: async (name: string) => {
      ends.get(name)?.();
      await nextTurn();
    },
  };
}

describe('the budget of reads', () => {
  it('begins what fits and keeps the rest waiting, in order', async () => {
    const { begun, read, end } = openBudget();
    for (const name of ['a1', 'a2', 'a3', 'a4']) void read(name, 5);
    await nextTurn();
    expect(begun).toEqual(['a1', 'a2']);
    await end('a2');
    await end('a1');
    expect(begun).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('lets readers take turns: one that asks for much waits for itself', async () => {
    const { begun, read, end } = openBudget();
    for (const name of ['a1', 'a2', 'a3', 'a4']) void read(name, 10);
    void read('b1', 1);
    for (const name of ['a1', 'a2', 'b1', 'a3']) await end(name);
    expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
  });

  it('does not let small reads pass a large one for ever', async () => {
    const { begun, read, end } = openBudget();
    void read('a1', 6);
    void read('b1', 20);
    void read('c1', 1);
    await nextTurn();
    expect(begun).toEqual(['a1']);
    await end('a1');
    expect(begun).toEqual(['a1', 'b1']);
    await end('b1');
    expect(begun).toEqual(['a1', 'b1', 'c1']);
  });

  it('refuses what waits too long or behind too many, and goes on', async () => {
    const { begun, read, end } = openBudget({ maxWaitMs: 20, maxWaitingPerReader: 2 });
    void read('a1', 10);
    const waiting = [read('a2', 10), read('a3', 10)].map((one) => one.catch((error: unknown) => error));
    await expect(read('a4', 10)).rejects.toThrow(TaskReadsBusyError);
    for (const one of waiting) expect(await one).toBeInstanceOf(TaskReadsBusyError);
    await end('a1');
    void read('a5', 10);
    await nextTurn();
    expect(begun).toEqual(['a1', 'a5']);
  });

  it('gives its room back when a read fails', async () => {
    const budget = new ReadBudget({ maxBytes: 1, maxWaitMs: 1_000, maxWaitingPerReader: 1 });
    await expect(budget.read('a', 1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await budget.read('a', 1, () => Promise.resolve('read'))).toBe('read');
  });
});
