import { setTimeout as delay } from 'node:timers/promises';
import { UsedStates } from '@gatehouse/messaging';
import type { Principal } from '@gatehouse/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DispatchOutcome } from '../src/dispatch/dispatch-outcome.ts';
import { failures } from '../src/dispatch/dispatch-failures.ts';
import { SingleUse } from '../src/dispatch/single-use.ts';
import { StateAllowance } from '../src/dispatch/state-allowance.ts';
import { openBreakableBus, timed } from './support/breakable-bus.ts';
import type { BreakableBus } from './support/breakable-bus.ts';
import { waitUntil } from './support/test-gateway.ts';

describe('a call whose state may be used once', () => {
  const unknown = { code: -31002, executed: 'unknown', retryable: false };
  let nats: BreakableBus;
  let singleUse: SingleUse;
  let dispatched: number;
  const use = (state: string, dispatch: () => Promise<DispatchOutcome>, timeoutMs = 5_000, accountId = 'a1') =>
    singleUse.dispatch({ tenant: 't1', issuer: 'i1', accountId } as Principal, state, timeoutMs, () => {
      dispatched++;
      return dispatch();
    });
  const noInstance = () => Promise.resolve(failures.noInstance());

  beforeEach(async () => {
    nats = await openBreakableBus();
    const states = new UsedStates(nats.connection);
    await states.open();
    singleUse = new SingleUse(states, new StateAllowance(3), nats.bus, nats.logger);
    dispatched = 0;
  });
  afterEach(() => nats.close());

  it('is refused within 100 ms with -31009 when NATS is dead', async () => {
    await nats.kill();
    const { result, tookMs } = await timed(use('state', noInstance));
    expect(result).toMatchObject({ code: -31009, executed: 'no', retryable: true });
    expect(tookMs).toBeLessThan(100);
    expect(dispatched).toBe(0);
  });

  it('is -31002 at once when NATS dies while its state is being written: it may count as used', async () => {
    nats.silence();
    const answer = use('state', noInstance);
    await delay(50);
    await nats.kill();
    const { result, tookMs } = await timed(answer);
    expect(result).toMatchObject(unknown);
    expect(tookMs).toBeLessThan(100);
    expect(dispatched).toBe(0);
  });

  it('does not wait for its state longer than the call may take', async () => {
    nats.silence();
    const { result, tookMs } = await timed(use('state', noInstance, 200));
    expect(result).toMatchObject(unknown);
    expect(tookMs).toBeLessThan(600);
    await nats.kill();
  });

  it('is not said to be retryable when its state cannot be given back, which is found out at once', async () => {
    const answer = use('state', async () => {
      nats.silence();
      return failures.noInstance();
    });
    await waitUntil(() => dispatched === 1);
    await delay(50);
    await nats.kill();
    const { result, tookMs } = await timed(answer);
    expect(result).toMatchObject({ code: -31001, executed: 'no', retryable: false });
    expect(result).not.toHaveProperty('retryAfterMs');
    expect(tookMs).toBeLessThan(100);
  });

  it('is -31004 when its account has used up too many, genuine or not; others go on', async () => {
    const failed = () => Promise.resolve(failures.tooLarge('result-too-large'));
    // Neither takes a place: nothing is kept of it.
    for (let times = 0; times < 5; times++) await use('not executed', noInstance);
    for (const state of ['1', '2']) expect(await use(state, failed)).toMatchObject({ executed: 'yes' });
    for (let times = 0; times < 5; times++) expect(await use('1', failed)).toBe('used-state');
    expect(await use('3', failed)).toMatchObject({ executed: 'yes' });
    dispatched = 0;
    expect(await use('4', failed)).toMatchObject({ code: -31004, executed: 'no', retryable: true });
    expect(await use('4', failed)).toHaveProperty('retryAfterMs');
    expect(dispatched).toBe(0);
    expect(await use('4', failed, 5_000, 'another account')).toMatchObject({ executed: 'yes' });
  });

  it('is refused as not executed when no stream is there to take its state', async () => {
    await nats.connection.request('$JS.API.STREAM.DELETE.gh_used_states');
    expect(await use('state', noInstance)).toMatchObject({ code: -31009, executed: 'no', retryable: true });
  });
});
