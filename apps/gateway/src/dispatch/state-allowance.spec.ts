import type { Principal } from '@gatehouse/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StateAllowance } from './state-allowance.ts';

const minuteMs = 60_000;
const account = (accountId: string) => ({ tenant: 'default', issuer: 'https://login.example', accountId }) as Principal;
const takeAll = (allowance: StateAllowance, principal: Principal) => {
  let taken = 0;
  while (taken < 1_000 && allowance.take(principal)) taken++;
  return taken;
};

describe('the states that an account may use up', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are bounded, each account for itself, whichever of its tokens it shows', () => {
    const allowance = new StateAllowance(90);
    expect(takeAll(allowance, account('greedy'))).toBe(90);
    expect(allowance.take(account('greedy'))).toBe(false);
    expect(takeAll(allowance, account('other'))).toBe(90);
  });

  it('come back one by one, all of them in the 45 minutes for which states are remembered', () => {
    const allowance = new StateAllowance(90);
    takeAll(allowance, account('greedy'));
    vi.advanceTimersByTime(minuteMs);
    expect(takeAll(allowance, account('greedy'))).toBe(2);
    vi.advanceTimersByTime(45 * minuteMs);
    expect(takeAll(allowance, account('greedy'))).toBe(90);
  });

  it('come back at once when they were not used up', () => {
    const allowance = new StateAllowance(90);
    takeAll(allowance, account('a'));
    for (let times = 0; times < 3; times++) allowance.giveBack(account('a'));
    expect(takeAll(allowance, account('a'))).toBe(3);
  });
});
