import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { announcedBytes, RequestMemory } from './request-memory.ts';

const mebibyte = 1024 * 1024;

function takeAll(memory: RequestMemory, account: string, bytes: number) {
  const taken: (() => void)[] = [];
  for (let room = memory.take(account, bytes); room && taken.length < 1_000; room = memory.take(account, bytes))
    taken.push(room);
  return taken;
}

describe('the memory for large bodies', () => {
  it('gives one account a quarter, and the rest to others', () => {
    const memory = new RequestMemory();
    for (const account of ['a', 'b', 'c', 'd']) expect(takeAll(memory, account, 4 * mebibyte)).toHaveLength(16);
    expect(memory.take('e', 4 * mebibyte)).toBeUndefined();
    expect(memory.take('e', 64 * 1024)).toBeDefined();
  });

  it('is free again when the requests are answered', () => {
    const memory = new RequestMemory();
    for (let round = 0; round < 3; round++) {
      const taken = ['a', 'b', 'c', 'd'].flatMap((account) => takeAll(memory, account, 4 * mebibyte));
      expect(taken).toHaveLength(64);
      for (const release of taken) release();
    }
  });
});

describe('what a body may come to', () => {
  it.each([
    [{}, 0],
    [{ 'content-length': '10' }, 10],
    [{ 'content-length': '999999999' }, 1_000],
    [{ 'transfer-encoding': 'chunked' }, 1_000],
  ])('is, by %o, %d bytes', (headers, bytes) => {
    expect(announcedBytes({ headers } as IncomingMessage, 1_000)).toBe(bytes);
  });
});
