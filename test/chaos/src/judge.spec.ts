import { describe, expect, it } from 'vitest';
import type { CallRecord, Ending } from './call-record.ts';
import { judge } from './judge.ts';
import type { LedgerRow } from './ledger.ts';

const call = (ending: Ending, more: Partial<CallRecord> = {}): CallRecord => ({
  key: 'a',
  tool: 'append',
  replayable: false,
  gateway: 0,
  startedAt: 0,
  endedAt: 100,
  deadlineMs: 5_000,
  ending,
  ...more,
});
const rows = (count: number, key = 'a'): LedgerRow[] =>
  Array.from({ length: count }, () => ({ key, event: 'executed', pid: 1, at: 0 }));

describe('the comparison of callers and ledger', () => {
  it.each<[Ending, number, boolean]>([
    ['result', 1, false],
    ['result', 2, true],
    ['not-executed', 0, false],
    ['unknown', 0, false],
    ['unknown', 1, false],
    ['lost', 1, false],
    ['lost', 2, true],
  ])('accepts %s with %i executions (replayable: %s)', (ending, count, replayable) => {
    expect(judge([call(ending, { replayable })], rows(count), 0)).toEqual([]);
  });

  it.each<[string, Ending, number, boolean]>([
    ['a result that nothing computed', 'result', 0, false],
    ['a second execution', 'result', 2, false],
    ['a third execution of what may run twice', 'result', 3, true],
    ['"not executed" that ran', 'not-executed', 1, false],
    ['"not executed" that ran, of what may run twice', 'not-executed', 1, true],
    ['an unknown outcome that ran twice', 'unknown', 2, false],
    ['a call that nobody ended', 'silent', 0, false],
    ['a call that was turned away', 'refused', 0, false],
  ])('finds %s', (_what, ending, count, replayable) => {
    expect(judge([call(ending, { replayable })], rows(count), 0)).toHaveLength(1);
  });

  it('finds an undeliverable result that nothing computed', () => {
    expect(judge([call('unknown', { executed: 'yes' })], [], 0)).toHaveLength(1);
  });

  it('finds an execution that nobody asked for', () => {
    expect(judge([], rows(1), 0)).toEqual(['a: was executed and never called']);
  });

  it('finds a call that ended more than a second after its deadline, the lag of the caller apart', () => {
    const late = call('result', { endedAt: 6_050 });
    expect(judge([late], rows(1), 0)).toHaveLength(1);
    expect(judge([late], rows(1), 60)).toEqual([]);
  });
});
