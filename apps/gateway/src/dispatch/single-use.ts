import type { BusMonitor, UsedState, UsedStates } from '@gatehouse/messaging';
import { isRefusedWrite } from '@gatehouse/messaging';
import type { Principal } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { failures } from './dispatch-failures.ts';
import type { DispatchOutcome } from './dispatch-outcome.ts';
import { logStateNotReleased, logUsedStatesUnavailable } from './events.ts';
import type { StateAllowance } from './state-allowance.ts';

/**
 * Lets each `requestState` of a tool that asks for it reach a worker once (MCP 2026-07-28 Multi Round-Trip Requests §Server
 * Requirements 5, its warning). Workers cannot write to NATS's stores (decision 12), so it is done here, before the dispatch.
 */
export class SingleUse {
  readonly #states: UsedStates;
  readonly #allowance: StateAllowance;
  readonly #bus: BusMonitor;
  readonly #logger: Logger;

  constructor(states: UsedStates, allowance: StateAllowance, bus: BusMonitor, logger: Logger) {
    this.#states = states;
    this.#allowance = allowance;
    this.#bus = bus;
    this.#logger = logger;
  }

  /**
   * Uses a state up, then dispatches. From the first line on a crash leaves the state used: it runs at most once, maybe never.
   * @param timeoutMs of the call: the state is not waited for any longer
   * @returns `used-state` when it was used before
   */
  async dispatch(
    principal: Principal,
    requestState: string,
    timeoutMs: number,
    dispatch: () => Promise<DispatchOutcome>,
  ): Promise<DispatchOutcome | 'used-state'> {
    if (!this.#bus.carries) return failures.busGone();
    if (!this.#allowance.take(principal)) return failures.tooManyStates(this.#allowance.costMs);
    const used = await this.#use(principal.tenant, requestState, timeoutMs);
    if (used === 'unknown') return failures.stateUnknown();
    if (used === 'unavailable' || used === undefined) {
      this.#allowance.giveBack(principal);
      return used === undefined ? 'used-state' : failures.busGone();
    }
    const outcome = await dispatch();
    if (outcome.kind !== 'failed' || outcome.executed !== 'no') return outcome;
    if (await this.#release(used)) {
      this.#allowance.giveBack(principal);
      return outcome;
    }
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
