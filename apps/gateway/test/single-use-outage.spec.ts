import { setTimeout as delay } from 'node:timers/promises';
import { UsedStates } from '@gatehouse/messaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DispatchOutcome } from '../src/dispatch/dispatch-outcome.ts';
import { failures } from '../src/dispatch/dispatch-failures.ts';
import { SingleUse } from '../src/dispatch/single-use.ts';
import { openBreakableBus, timed } from './support/breakable-bus.ts';
import type { BreakableBus } from './support/breakable-bus.ts';
import { waitUntil } from './support/test-gateway.ts';

describe('a call whose state may be used once, when NATS dies', () => {
  const unknown = { code: -31002, executed: 'unknown', retryable: false };
  let nats: BreakableBus;
  let singleUse: SingleUse;
  let dispatched: number;
  const use = (state: string, dispatch: () => Promise<DispatchOutcome>, timeoutMs = 5_000) =>
    singleUse.dispatch('t1', state, timeoutMs, () => {
      dispatched++;
      return dispatch();
    });
  const noInstance = () => Promise.resolve(failures.noInstance());

  beforeEach(async () => {
    nats = await openBreakableBus();
    const states = new UsedStates(nats.connection);
    await states.open();
    singleUse = new SingleUse(states, nats.bus, nats.logger);
    dispatched = 0;
  });
  afterEach(() => nats.close());

  it('is refused within 100 ms with -31009', async () => {
    await nats.kill();
    const { result, tookMs } = await timed(use('state', noInstance));
    expect(result).toMatchObject({ code: -31009, executed: 'no', retryable: true });
    expect(tookMs).toBeLessThan(100);
    expect(dispatched).toBe(0);
  });

  it('is -31002 at once when its state was being written: it may count as used', async () => {
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

  it('is refused as not executed when no stream is there to take its state', async () => {
    await nats.connection.request('$JS.API.STREAM.DELETE.gh_used_states');
    expect(await use('state', noInstance)).toMatchObject({ code: -31009, executed: 'no', retryable: true });
  });
});
