import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReplyStreams } from './reply-streams.ts';

const mebibyte = 1024 * 1024;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function waiting(account: string, bytes: number) {
  return { slot: -1, account, waitingBytes: bytes, sweep: () => {} };
}

describe('answers that wait for their readers', () => {
  it('keep an account from new ones when it lets 32 MiB wait, and others not', () => {
    const streams = new ReplyStreams();
    const held = Array.from({ length: 20 }, () => waiting('slow', 8 * mebibyte));
    for (const stream of held) streams.add(stream);
    vi.advanceTimersByTime(500);
    expect([streams.isFull('slow'), streams.isFull('other')]).toEqual([true, false]);
    for (const stream of held) streams.delete(stream);
    streams.add(waiting('other', 0));
    vi.advanceTimersByTime(500);
    expect(streams.isFull('slow')).toBe(false);
  });

  it('keep everybody from new ones when 128 MiB wait', () => {
    const streams = new ReplyStreams();
    for (const account of ['a', 'b', 'c', 'd', 'e']) streams.add(waiting(account, 30 * mebibyte));
    vi.advanceTimersByTime(500);
    expect(streams.isFull('other')).toBe(true);
  });
});
