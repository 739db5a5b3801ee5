import { Tool } from '@gatehouse/worker';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Ledger } from './ledger.ts';

const keyed = z.object({ key: z.string() });
const blocking = z.object({ key: z.string(), blockMs: z.number() });

/** Tools that do harm to the process that runs them. */
@Injectable()
export class MisbehavingTools {
  readonly #ledger: Ledger;

  constructor(@Inject(Ledger) ledger: Ledger) {
    this.#ledger = ledger;
  }

  @Tool({ name: 'block', description: 'Blocks the event loop.', input: blocking, timeoutMs: 5_000 })
  block({ key, blockMs }: z.output<typeof blocking>): string {
    this.#ledger.write(key, 'executed');
    // Waiting without a turn of the event loop, and without taking the processor from everybody else.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
    return String(process.pid);
  }

  @Tool({ name: 'exit', description: 'Ends its process.', input: keyed, timeoutMs: 5_000 })
  exit({ key }: z.output<typeof keyed>): never {
    return this.#end(key);
  }

  @Tool({
    name: 'exit_replayable',
    description: 'Ends its process; is said to be harmless.',
    input: keyed,
    timeoutMs: 5_000,
    annotations: { readOnlyHint: true },
  })
  exitReplayable({ key }: z.output<typeof keyed>): never {
    return this.#end(key);
  }

  #end(key: string): never {
    this.#ledger.write(key, 'executed');
    process.exit(1);
  }
}
