import type { ReceivedFrame } from '@gatehouse/messaging';
import {
  checkRequestHeaders,
  encodeResultResponse,
  httpStatusOf,
  invalidRequest,
  modernVersion,
  readRequestMeta,
  unsupportedProtocolVersion,
} from '@gatehouse/protocol';
import type { Batch, Message, RequestMessage } from '@gatehouse/protocol';
import { Injectable } from '@nestjs/common';
import { Methods } from '../endpoint/methods/methods.ts';
import type { Incoming, McpAnswer, RequestContext } from '../endpoint/mcp-request.ts';
import { accepted } from '../endpoint/reply.ts';
import type { Reply } from '../endpoint/reply.ts';
import { readRequestTraceContext, RequestSpan } from '../telemetry/request-span.ts';

/**
 * Revision 2026-07-28: everything in the request, headers that mirror the body, bytes relayed as they come. A client that
 * closes its stream cancels (Streamable HTTP §Cancellation).
 */
@Injectable()
export class ModernEra {
  readonly #methods: Methods;

  constructor(methods: Methods) {
    this.#methods = methods;
  }

  /** @throws JsonRpcError, HttpRefusal */
  async answer(message: Message | Batch, incoming: Incoming, context: RequestContext): Promise<Reply> {
    // Streamable HTTP §Sending Messages: a single request or notification, never a response.
    if (message.kind === 'batch') throw invalidRequest('batches are not part of this revision');
    if (message.kind === 'response') throw invalidRequest('responses are not accepted', message.id);
    if (message.kind === 'notification') return accepted;
    const answer = await this.#answerRequest(message, incoming, context);
    return answer.kind === 'result'
      ? { status: 200, body: encodeResultResponse(message.id, answer.result) }
      : replyOfFrame(answer.frame);
  }

  #answerRequest(message: RequestMessage, incoming: Incoming, context: RequestContext): McpAnswer | Promise<McpAnswer> {
    const { method, params } = message;
    const meta = readRequestMeta(params);
    checkRequestHeaders(incoming.headers, { method, params, protocolVersion: meta.protocolVersion });
    if (meta.protocolVersion !== modernVersion) throw unsupportedProtocolVersion(meta.protocolVersion);
    return this.#methods.answer(
      {
        endpoint: incoming.endpoint,
        principal: incoming.principal,
        version: modernVersion,
        message,
        meta,
        body: incoming.body,
        paramHeaders: incoming.headers,
        span: new RequestSpan(
          { method, id: message.id, version: modernVersion },
          readRequestTraceContext(meta.traceContext, incoming.headers),
        ),
      },
      context,
    );
  }
}

function replyOfFrame(frame: ReceivedFrame): Reply {
  const status = frame.kind === 'error' ? httpStatusOf(frame.errorCode ?? 0) : 200;
  return 'body' in frame ? { status, body: frame.body } : { status, chunked: frame };
}
