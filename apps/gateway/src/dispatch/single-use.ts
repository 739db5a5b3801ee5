import type { BusMonitor, UsedState, UsedStates } from '@gatehouse/messaging';
import { isRefusedWrite } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import { failures } from './dispatch-failures.ts';
import type { DispatchOutcome } from './dispatch-outcome.ts';
import { logStateNotReleased, logUsedStatesUnavailable } from './events.ts';

/**
 * Lets each `requestState` of a tool that asks for it reach a worker once (MCP 2026-07-28 Multi Round-Trip Requests §Server
 * Requirements 5, its warning). Workers cannot write to NATS's stores (decision 12), so it is done here, before the dispatch.
 */
export class SingleUse {
  readonly #states: UsedStates;
  readonly #bus: BusMonitor;
  readonly #logger: Logger;

  constructor(states: UsedStates, bus: BusMonitor, logger: Logger) {
    this.#states = states;
    this.#bus = bus;
    this.#logger = logger;
  }

  /**
   * Uses a state up, then dispatches. From the first line on a crash leaves the state used: it runs at most once, maybe never.
   * @param timeoutMs of the call: the state is not waited for any longer
   * @returns `used-state` when it was used before
   */
  async dispatch(
    tenant: string,
    requestState: string,
    timeoutMs: number,
    dispatch: () => Promise<DispatchOutcome>,
  ): Promise<DispatchOutcome | 'used-state'> {
    if (!this.#bus.carries) return failures.busGone();
    const used = await this.#use(tenant, requestState, timeoutMs);
    if (used === 'unavailable') return failures.busGone();
    if (used === 'unknown') return failures.stateUnknown();
    if (used === undefined) return 'used-state';
    const outcome = await dispatch();
    if (outcome.kind !== 'failed' || outcome.executed !== 'no' || (await this.#release(used))) return outcome;
    // The same call would be refused for its state.
    const { retryAfterMs: _never, ...failure } = outcome;
    return { ...failure, retryable: false };
  }

  async #use(
    tenant: string,
    requestState: string,
    timeoutMs: number,
  ): Promise<UsedState | undefined | 'unavailable' | 'unknown'> {
    try {
      return await this.#bus.whileItCarries(() => this.#states.use(tenant, requestState, timeoutMs));
    } catch (error) {
      logUsedStatesUnavailable(this.#logger, error);
      return isRefusedWrite(error) ? 'unavailable' : 'unknown';
    }
  }

  /** A client that is told "not executed, try again" must be able to. False when nobody knows whether it can. */
  async #release(used: UsedState): Promise<boolean> {
    try {
      await this.#bus.whileItCarries(() => this.#states.release(used));
      return true;
    } catch (error) {
      logStateNotReleased(this.#logger, error);
      return false;
    }
  }
}
