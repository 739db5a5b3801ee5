import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from './call-record.ts';
import type { SeededRandom } from './random.ts';

/** Who calls what, how often. */
export interface LoadOptions {
  /** Callers at the same time; each calls again when its last call has ended. */
  callers: number;
  gateways: number;
  /** The first gateway that is called; the first of all when absent. */
  firstGateway?: number;
  tools: readonly string[];
  /** How long a call is held by its tool: a random time between the two. */
  holdMs: readonly [number, number];
  /** Wait of each caller between its calls. */
  pauseMs?: number;
  random: SeededRandom;
}

type Call = (gateway: number, tool: string, toolArguments: Record<string, unknown>) => Promise<CallRecord>;

/** Callers that call until they are stopped. */
export class Load {
  readonly #callers: Promise<void>[];
  #stopped = false;

  constructor(options: LoadOptions, call: Call) {
    this.#callers = Array.from({ length: options.callers }, (_, index) => this.#callOnAndOn(index, options, call));
  }

  /** No further calls; resolves when those in flight have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
  }

  async #callOnAndOn(index: number, options: LoadOptions, call: Call): Promise<void> {
    const { gateways, firstGateway = 0, tools, holdMs, pauseMs, random } = options;
    while (!this.#stopped) {
      await call(firstGateway + (index % gateways), random.pick(tools), { holdMs: random.between(...holdMs) });
      if (pauseMs !== undefined) await delay(pauseMs);
    }
  }
}
