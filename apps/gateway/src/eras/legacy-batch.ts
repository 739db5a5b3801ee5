import { encodeErrorResponse, ErrorCode, invalidRequest, JsonRpcError, Method, readMessage } from '@gatehouse/protocol';
import type { Batch, LegacyVersion, Message } from '@gatehouse/protocol';
import { Injectable } from '@nestjs/common';
import { HttpRefusal } from '../http-refusal.ts';
import type { Incoming, RequestContext } from '../endpoint/mcp-request.ts';
import { accepted, replyOfRefusal } from '../endpoint/reply.ts';
import type { Reply } from '../endpoint/reply.ts';
import { maxCollectedBytes } from './collect-whole.ts';
import { LegacyEra } from './legacy-era.ts';

/** The one revision whose servers MUST accept batches (MCP 2025-03-26 §Batching). */
const batchVersion: LegacyVersion = '2025-03-26';
const maxMembers = 50;

/** Answers a JSON-RPC batch: every member on its own, all answers in one array. */
@Injectable()
export class LegacyBatch {
  readonly #era: LegacyEra;

  constructor(era: LegacyEra) {
    this.#era = era;
  }

  /** @throws JsonRpcError -32600, status 400, for revisions without batches and for batches that are none */
  async answer(batch: Batch, version: LegacyVersion, incoming: Incoming, context: RequestContext): Promise<Reply> {
    if (version !== batchVersion) throw invalidRequest('batches are not part of this revision');
    if (batch.members.length === 0) throw invalidRequest('the batch is empty');
    if (batch.members.length > maxMembers) throw invalidRequest(`a batch has at most ${maxMembers} members`);
    const share = { ...incoming, maxCollectedBytes: Math.floor(maxCollectedBytes / batch.members.length) };
    const replies = await Promise.all(batch.members.map((member) => this.#answerMember(member, share, context)));
    const bodies = replies.flatMap(({ body }) => (body === undefined ? [] : [Buffer.from(body).toString()]));
    return bodies.length === 0 ? accepted : { status: 200, body: Buffer.from(`[${bodies.join(',')}]`) };
  }

  async #answerMember(member: unknown, incoming: Incoming, context: RequestContext): Promise<Reply> {
    let message: Message | undefined;
    try {
      message = readMessage(member);
      if (message.kind === 'request' && message.method === Method.initialize)
        // 2025-03-26 Lifecycle §Initialization: "MUST NOT be part of a JSON-RPC batch".
        throw invalidRequest('initialize may not be part of a batch', message.id);
      return await this.#era.answer(message, batchVersion, incoming, context);
    } catch (error) {
      const id = message?.kind === 'request' ? message.id : undefined;
      if (error instanceof HttpRefusal) return refusedMember(error, id);
      const refusal = error instanceof JsonRpcError ? replyOfRefusal(error, id) : undefined;
      if (refusal === undefined) throw error;
      return refusal;
    }
  }
}

/** A status can be said once for the whole batch only: a member that lacks scopes hears of it in its own error. */
function refusedMember(refusal: HttpRefusal, id: string | number | undefined): Reply {
  const body = encodeErrorResponse(id, {
    code: ErrorCode.invalidRequest,
    message: refusal.message,
    data: refusal.body,
  });
  return { status: 200, body };
}
