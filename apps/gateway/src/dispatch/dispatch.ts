import type { BusMonitor, CallClient, CallOutcome, Instance, InstanceRegistry } from '@gatehouse/messaging';
import type { Principal } from '@gatehouse/protocol';
import type { DispatchCall, DispatchOutcome } from './dispatch-outcome.ts';
import { failures } from './dispatch-failures.ts';

/** After so many instances have refused a call for lack of room, the next ones would too. */
const maxOverloadedInstances = 3;

/** What the attempts at one call have come to so far. */
interface Attempts {
  /** Instances that did not take the call or died with it. */
  tried: Set<Instance>;
  overloaded: number;
  /** True once a notification went to the client: from then on no second attempt may start. */
  relayed: boolean;
  /** True once an attempt was lost: from then on nobody can say that the call never ran. */
  lost: boolean;
}

/**
 * Sends a call to one live instance and relays its answer. What was not executed is tried elsewhere at once; what was
 * lost is tried once more elsewhere, only if nothing was relayed and the call may run twice (design §5).
 */
export class Dispatch {
  readonly #registry: InstanceRegistry;
  readonly #calls: CallClient;
  readonly #bus: BusMonitor;
  readonly #maxCallMs: number;

  constructor(registry: InstanceRegistry, calls: CallClient, bus: BusMonitor, maxCallMs: number) {
    this.#registry = registry;
    this.#calls = calls;
    this.#bus = bus;
    this.#maxCallMs = maxCallMs;
  }

  /** Calls of this gateway that have no answer yet. */
  get inFlight(): number {
    return this.#calls.inFlight;
  }

  /** Largest request that the bus carries, in bytes. */
  get maxBodyBytes(): number {
    return this.#calls.maxBodyBytes;
  }

  /** What keeps calls from being dispatched; undefined when all is well. */
  unreadyReason(): string | undefined {
    return this.#bus.unreadyReason();
  }

  /** Ends the calls of some principals, here and at the workers: nobody knows what became of them. */
  revoke(isOver: (principal: Principal) => boolean): void {
    this.#calls.revoke(isOver);
  }

  /**
   * Dispatches one call. Never rejects: every expected failure is an outcome. Aborting `signal`, because the client
   * has closed its stream, cancels the call at the worker.
   */
  async dispatch(
    call: DispatchCall,
    onNotification: (body: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<DispatchOutcome> {
    const attempts: Attempts = { tried: new Set(), overloaded: 0, relayed: false, lost: false };
    const relay = (body: Uint8Array) => {
      attempts.relayed = true;
      onNotification(body);
    };
    for (;;) {
      const spentMs = Date.now() - call.startedAtMs;
      const timeoutMs = Math.min(call.timeoutMs, this.#maxCallMs) - spentMs;
      if (timeoutMs <= 0) return failures.deadline(call, attempts.lost ? 'unknown' : 'no');
      const instance = this.#registry.pick(call.tenant, call.server, call.digest, attempts.tried);
      if (!instance) return this.#noInstance(call, attempts);
      instance.inFlight++;
      // One task belongs to one attempt: the first may have made one before it was lost.
      const task = call.grantTask && { task: call.grantTask() };
      const request = { ...call, timeoutMs, maxCallMs: this.#maxCallMs - spentMs, ...task };
      const outcome = await this.#calls.call(instance.address, request, relay, signal);
      instance.inFlight--;
      const ended = this.#conclude(call, instance, outcome, attempts);
      if (ended) return ended;
    }
  }

  #noInstance(call: DispatchCall, attempts: Attempts): DispatchOutcome {
    if (attempts.lost) return failures.lost(call, 'worker-lost');
    if (!this.#bus.carries) return failures.busGone();
    return attempts.overloaded > 0 ? failures.overloaded() : failures.noInstance();
  }

  /** What an attempt means for the call: its end, or undefined when another instance is to be tried. */
  #conclude(
    call: DispatchCall,
    instance: Instance,
    outcome: CallOutcome,
    attempts: Attempts,
  ): DispatchOutcome | undefined {
    attempts.tried.add(instance);
    switch (outcome.kind) {
      case 'answered':
        return { kind: 'answered', frame: outcome.frame, instance: instance.address.instance };
      case 'unreachable':
        this.#registry.reportUnreachable(instance);
        return undefined;
      case 'refused':
        return this.#concludeRefusal(call, outcome.reason, attempts);
      case 'lost':
        return this.#concludeLoss(call, outcome.reason, attempts);
      case 'bus-gone':
        return attempts.lost ? failures.lost(call, 'bus-gone') : failures.busGone();
      case 'expired':
        return failures.deadline(call, 'unknown');
      case 'cancelled':
        return failures.cancelled();
      case 'revoked':
        return failures.revoked();
      default:
        return failures.tooLarge(outcome.kind);
    }
  }

  #concludeRefusal(
    call: DispatchCall,
    reason: (CallOutcome & { kind: 'refused' })['reason'],
    attempts: Attempts,
  ): DispatchOutcome | undefined {
    if (reason === 'expired') return failures.deadline(call, attempts.lost ? 'unknown' : 'no');
    if (reason !== 'overloaded') return undefined;
    attempts.overloaded++;
    if (attempts.overloaded < maxOverloadedInstances) return undefined;
    return attempts.lost ? failures.lost(call, 'worker-lost') : failures.overloaded();
  }

  #concludeLoss(
    call: DispatchCall,
    reason: (CallOutcome & { kind: 'lost' })['reason'],
    attempts: Attempts,
  ): DispatchOutcome | undefined {
    if (reason === 'malformed-frame') return failures.lost(call, 'malformed-answer');
    if (reason === 'bus-gone') return failures.lost(call, 'bus-gone');
    if (!call.replayable || attempts.relayed || attempts.lost) return failures.lost(call, 'worker-lost');
    attempts.lost = true;
    return undefined;
  }
}
