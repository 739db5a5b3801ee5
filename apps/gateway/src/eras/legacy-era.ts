import {
  encodeResultResponse,
  isObject,
  JsonRpcError,
  MetaKey,
  Method,
  methodNotFound,
  modernVersion,
  ErrorCode,
} from '@gatehouse/protocol';
import type { LegacyVersion, Message, RequestMessage } from '@gatehouse/protocol';
import { Injectable } from '@nestjs/common';
import { Discover } from '../endpoint/methods/discover.ts';
import { Methods } from '../endpoint/methods/methods.ts';
import type { Incoming, McpRequest, RequestContext } from '../endpoint/mcp-request.ts';
import { accepted, replyOfRefusal } from '../endpoint/reply.ts';
import type { Reply } from '../endpoint/reply.ts';
import { readRequestTraceContext, RequestSpan } from '../telemetry/request-span.ts';
import { initializeResult } from './initialize.ts';
import { collectWhole, maxCollectedBytes } from './collect-whole.ts';
import { translateFrame, translateToolPage } from './legacy-results.ts';

/** Methods of 2026-07-28 alone: to an older client they do not exist. */
const modernOnly: ReadonlySet<string> = new Set([Method.discover, Method.subscriptionsListen]);
const emptyResult = Buffer.from('{}');

/**
 * The 2025 revisions without sessions: each request is translated to 2026-07-28, answered by the same methods, and the
 * answer translated back. Responses have status 200 even for errors: these clients drop the bodies of other statuses.
 */
@Injectable()
export class LegacyEra {
  readonly #methods: Methods;
  readonly #discover: Discover;

  constructor(methods: Methods, discover: Discover) {
    this.#methods = methods;
    this.#discover = discover;
  }

  /** @throws HttpRefusal */
  async answer(message: Message, version: LegacyVersion, incoming: Incoming, context: RequestContext): Promise<Reply> {
    // 2025-11-25 Streamable HTTP §Sending Messages: notifications and responses are accepted with 202.
    if (message.kind !== 'request') return accepted;
    try {
      return { status: 200, body: await this.#answerRequest(message, version, incoming, context) };
    } catch (error) {
      if (!(error instanceof JsonRpcError)) throw error;
      return { ...replyOfRefusal(translateRefusal(message, error), message.id), status: 200 };
    }
  }

  async #answerRequest(
    message: RequestMessage,
    version: LegacyVersion,
    incoming: Incoming,
    context: RequestContext,
  ): Promise<Uint8Array> {
    const { method, params, id } = message;
    if (method === Method.initialize) {
      const description = this.#discover.describe(incoming.principal.tenant, incoming.endpoint);
      return encodeResultResponse(id, initializeResult(params, description));
    }
    if (method === Method.ping) return encodeResultResponse(id, emptyResult);
    if (modernOnly.has(method)) throw methodNotFound(method);
    const request = modernize(message, version, incoming);
    const answer = await this.#methods.answer(request, uncancelled(context));
    if (answer.kind === 'frame') {
      const maxBytes = incoming.maxCollectedBytes ?? maxCollectedBytes;
      return translateFrame(message, await collectWhole(answer.frame, maxBytes, request.span.traceId));
    }
    return encodeResultResponse(id, method === Method.toolsList ? translateToolPage(answer.result) : answer.result);
  }
}

/** Adds what 2026-07-28 wants in every request. A client's capabilities are unknown without its session: it has none. */
function modernize(message: RequestMessage, version: LegacyVersion, incoming: Incoming): McpRequest {
  const { id, method } = message;
  const { _meta: meta } = message.params;
  const clientCapabilities = {};
  const modernMeta: Record<string, unknown> = {
    ...(isObject(meta) ? meta : {}),
    [MetaKey.protocolVersion]: modernVersion,
    [MetaKey.clientCapabilities]: clientCapabilities,
  };
  const params = { ...message.params, _meta: modernMeta };
  return {
    endpoint: incoming.endpoint,
    principal: incoming.principal,
    version,
    message: { kind: 'request', id, method, params },
    meta: { protocolVersion: modernVersion, clientCapabilities, traceContext: modernMeta },
    body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params })),
    paramHeaders: undefined,
    span: new RequestSpan({ method, id, version }, readRequestTraceContext(modernMeta, incoming.headers)),
  };
}

/** 2025-11-25 Streamable HTTP §Sending Messages: a disconnection SHOULD NOT be taken for a cancellation. */
function uncancelled(context: RequestContext): RequestContext {
  return {
    notify: (message) => context.notify(message),
    open: () => context.open(),
    onClose: (listener) => context.onClose(listener),
    expectDelay: () => context.expectDelay(),
    signal: new AbortController().signal,
  };
}

function translateRefusal(message: RequestMessage, refusal: JsonRpcError): JsonRpcError {
  if (message.method !== Method.resourcesRead || refusal.code !== ErrorCode.invalidParams) return refusal;
  const options = refusal.data === undefined ? {} : { data: refusal.data };
  return new JsonRpcError(ErrorCode.legacyResourceNotFound, refusal.message, options);
}
