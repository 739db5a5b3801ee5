import { Tool } from '@gatehouse/worker';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Ledger } from './ledger.ts';

const asking = z.object({ key: z.string(), characters: z.number().int().min(0) });
const giving = z.object({ key: z.string(), padding: z.string() });

/** Tools whose results or requests have the size that the caller wants. */
@Injectable()
export class SizeTools {
  readonly #ledger: Ledger;

  constructor(@Inject(Ledger) ledger: Ledger) {
    this.#ledger = ledger;
  }

  @Tool({ name: 'answer', description: 'Answers with so many letters.', input: asking, timeoutMs: 60_000 })
  answer({ key, characters }: z.output<typeof asking>): string {
    this.#ledger.write(key, 'executed');
    return 'x'.repeat(characters);
  }

  @Tool({ name: 'take', description: 'Takes any text.', input: giving, timeoutMs: 10_000 })
  take({ key, padding }: z.output<typeof giving>): string {
    this.#ledger.write(key, 'executed');
    return String(padding.length);
  }
}
