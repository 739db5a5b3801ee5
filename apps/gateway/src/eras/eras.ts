import { HeaderName } from '@gatehouse/protocol';
import type { Batch, Message } from '@gatehouse/protocol';
import { Injectable } from '@nestjs/common';
import type { Incoming, RequestContext } from '../endpoint/mcp-request.ts';
import type { Reply } from '../endpoint/reply.ts';
import { LegacyBatch } from './legacy-batch.ts';
import { LegacyEra } from './legacy-era.ts';
import { ModernEra } from './modern-era.ts';
import { selectEra } from './select-era.ts';

/** Picks the rules of a message and has it answered by them. */
@Injectable()
export class Eras {
  readonly #modern: ModernEra;
  readonly #legacy: LegacyEra;
  readonly #batch: LegacyBatch;

  constructor(modern: ModernEra, legacy: LegacyEra, batch: LegacyBatch) {
    this.#modern = modern;
    this.#legacy = legacy;
    this.#batch = batch;
  }

  /** @throws JsonRpcError -32022 for a revision that nobody here speaks, and what the era itself refuses */
  answer(message: Message | Batch, incoming: Incoming, context: RequestContext): Promise<Reply> {
    const header = incoming.headers[HeaderName.protocolVersion];
    const era = selectEra(message, typeof header === 'string' ? header : undefined);
    if (era.kind === 'modern') return this.#modern.answer(message, incoming, context);
    return message.kind === 'batch'
      ? this.#batch.answer(message, era.version, incoming, context)
      : this.#legacy.answer(message, era.version, incoming, context);
  }
}
