import { setTimeout as delay } from 'node:timers/promises';
import { Tool } from '@gatehouse/worker';
import type { CallContext } from '@gatehouse/worker';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Ledger } from './ledger.ts';

/** How many times longer than usual the work of this process takes. */
export class Slowness {
  readonly factor: number;

  constructor(factor: number) {
    this.factor = factor;
  }
}

const work = z.object({ key: z.string(), holdMs: z.number().default(0) });
type Work = z.output<typeof work>;

/** Tools that write their row, hold the call for a while and answer with the id of their process. */
@Injectable()
export class WorkingTools {
  readonly #ledger: Ledger;
  readonly #slowness: Slowness;

  constructor(@Inject(Ledger) ledger: Ledger, @Inject(Slowness) slowness: Slowness) {
    this.#ledger = ledger;
    this.#slowness = slowness;
  }

  @Tool({ name: 'append', description: 'Writes a row, once.', input: work, timeoutMs: 5_000 })
  append(input: Work, context: CallContext): Promise<string> {
    return this.#work(input, context);
  }

  @Tool({ name: 'append_brief', description: 'Writes a row, once, or not in time.', input: work, timeoutMs: 2_000 })
  appendBrief(input: Work, context: CallContext): Promise<string> {
    return this.#work(input, context);
  }

  @Tool({
    name: 'append_replayable',
    description: 'Writes a row; twice does no harm.',
    input: work,
    timeoutMs: 5_000,
    annotations: { idempotentHint: true },
  })
  appendReplayable(input: Work, context: CallContext): Promise<string> {
    return this.#work(input, context);
  }

  @Tool({ name: 'append_long', description: 'Writes a row and may take long.', input: work, timeoutMs: 120_000 })
  appendLong(input: Work, context: CallContext): Promise<string> {
    return this.#work(input, context);
  }

  async #work({ key, holdMs }: Work, { signal }: CallContext): Promise<string> {
    this.#ledger.write(key, 'executed');
    signal.addEventListener('abort', () => this.#ledger.write(key, 'aborted'));
    if (holdMs > 0) await delay(holdMs * this.#slowness.factor, undefined, { signal });
    return String(process.pid);
  }
}
