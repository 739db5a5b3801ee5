import { Slots } from '@gatehouse/runtime';
import type { RunningCall } from './running-call.ts';

/** Runs at most `concurrency` calls at a time, keeps as many again waiting in order of arrival, and refuses the rest. */
export class CallQueue {
  readonly #concurrency: number;
  readonly #running = new Slots<RunningCall>();
  readonly #waiting = new Map<string, { call: RunningCall; run: () => Promise<void> }>();
  #onIdle: (() => void) | undefined;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Calls that run or wait. */
  get size(): number {
    return this.#running.size + this.#waiting.size;
  }

  /** Runs the call now or when its turn comes; false when there is no room to wait. `run` must not reject. */
  offer(call: RunningCall, run: () => Promise<void>): boolean {
    if (this.#running.size < this.#concurrency) this.#start(call, run);
    else if (this.#waiting.size < this.#concurrency) this.#waiting.set(call.callId, { call, run });
    else return false;
    return true;
  }

  /** Aborts a running call or forgets a waiting one; returns the waiting one, which never ran. */
  cancel(callId: string): RunningCall | undefined {
    for (const running of this.#running) {
      if (running.callId !== callId) continue;
      running.cancelled = true;
      running.abort('cancelled');
      return undefined;
    }
    return this.#withdraw(callId);
  }

  /** Aborts running calls whose deadline has passed; returns the waiting ones, which never ran and are forgotten. */
  expire(now: number): RunningCall[] {
    for (const call of this.#running) if (call.deadlineMs <= now) call.abort('deadline');
    const late = [...this.#waiting.values()].filter(({ call }) => call.deadlineMs <= now);
    return late.map(({ call }) => this.#withdraw(call.callId)).filter((call) => call !== undefined);
  }

  /** Aborts everything, because the process can answer nobody any more. */
  abortAll(): void {
    this.#waiting.clear();
    for (const call of this.#running) call.abort('ending');
  }

  /** Resolves when no call runs or waits. */
  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#next();
    });
  }

  #start(call: RunningCall, run: () => Promise<void>): void {
    const slot = this.#running.add(call);
    void run().then(() => {
      this.#running.delete(slot, call);
      this.#next();
    });
  }

  #next(): void {
    for (const [callId, { call, run }] of this.#waiting) {
      if (this.#running.size >= this.#concurrency) return;
      this.#waiting.delete(callId);
      this.#start(call, run);
    }
    if (this.size === 0) this.#onIdle?.();
  }

  #withdraw(callId: string): RunningCall | undefined {
    const waiting = this.#waiting.get(callId);
    this.#waiting.delete(callId);
    if (this.size === 0) this.#onIdle?.();
    return waiting?.call;
  }
}
