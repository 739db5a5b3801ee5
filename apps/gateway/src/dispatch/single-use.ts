import type { UsedState, UsedStates } from '@gatehouse/messaging';
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
  readonly #logger: Logger;

  constructor(states: UsedStates, logger: Logger) {
    this.#states = states;
    this.#logger = logger;
  }

  /**
   * Uses a state up, then dispatches. From the first line on a crash leaves the state used: it runs at most once, maybe never.
   * @returns `used-state` when it was used before
   */
  async dispatch(
    tenant: string,
    requestState: string,
    dispatch: () => Promise<DispatchOutcome>,
  ): Promise<DispatchOutcome | 'used-state'> {
    const used = await this.#use(tenant, requestState);
    if (used === 'unavailable') return failures.busGone();
    if (used === undefined) return 'used-state';
    const outcome = await dispatch();
    if (outcome.kind === 'failed' && outcome.executed === 'no') await this.#release(used);
    return outcome;
  }

  async #use(tenant: string, requestState: string): Promise<UsedState | undefined | 'unavailable'> {
    try {
      return await this.#states.use(tenant, requestState);
    } catch (error) {
      logUsedStatesUnavailable(this.#logger, error);
      return 'unavailable';
    }
  }

  /** A client that is told "not executed, try again" must be able to. */
  async #release(used: UsedState): Promise<void> {
    try {
      await this.#states.release(used);
    } catch (error) {
      logStateNotReleased(this.#logger, error);
    }
  }
}
