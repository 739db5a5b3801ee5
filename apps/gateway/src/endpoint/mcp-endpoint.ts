import type { IncomingMessage, ServerResponse } from 'node:http';
import { ErrorCode, gatehouseError, readEnvelope } from '@gatehouse/protocol';
import type { JsonRpcError } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { newTraceId } from '@gatehouse/runtime';
import { Inject, Injectable } from '@nestjs/common';
import { ResourceMetadata } from '../authorization/resource-metadata.ts';
import { TokenAuthentication } from '../authorization/token-authentication.ts';
import { endpointName } from '../catalog/endpoint-name.ts';
import { accountKey } from '../dispatch/account-key.ts';
import { Dispatch } from '../dispatch/dispatch.ts';
import { Eras } from '../eras/eras.ts';
import { HttpRefusal } from '../http-refusal.ts';
import { LOGGER } from '../injection-tokens.ts';
import { PublicUrls } from '../public-urls.ts';
import { countRefusal } from '../telemetry/refusals.ts';
import { AllowedHosts } from './allowed-hosts.ts';
import { allowOrigin, answerPreflight } from './cors.ts';
import { logFault, logRefused } from './events.ts';
import type { Incoming } from './mcp-request.ts';
import { BodyTooLargeError, ClientGoneError, readBody } from './read-body.ts';
import { ReplyStream } from './reply-stream.ts';
import { ReplyStreams } from './reply-streams.ts';
import { replyOfFault, replyOfRefusal } from './reply.ts';
import type { Reply } from './reply.ts';
import { announcedBytes, RequestMemory } from './request-memory.ts';
import { checkMediaTypes, checkOrigin, checkRequestHead, readTarget } from './request-head.ts';
import { sendAndClose } from './send-and-close.ts';

const maxBodyBytes = 4 * 1024 * 1024;

/** Every request of the public port, from its first header to its last byte. */
@Injectable()
export class McpEndpoint {
  readonly #logger: Logger;
  readonly #hosts: AllowedHosts;
  readonly #urls: PublicUrls;
  readonly #metadata: ResourceMetadata;
  readonly #authentication: TokenAuthentication;
  readonly #eras: Eras;
  readonly #dispatch: Dispatch;
  readonly #streams: ReplyStreams;
  readonly #memory = new RequestMemory();

  constructor(
    @Inject(LOGGER) logger: Logger,
    hosts: AllowedHosts,
    urls: PublicUrls,
    metadata: ResourceMetadata,
    authentication: TokenAuthentication,
    eras: Eras,
    dispatch: Dispatch,
    streams: ReplyStreams,
  ) {
    this.#logger = logger;
    this.#hosts = hosts;
    this.#urls = urls;
    this.#metadata = metadata;
    this.#authentication = authentication;
    this.#eras = eras;
    this.#dispatch = dispatch;
    this.#streams = streams;
  }

  /** Answers one request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#takeSteps(request, response);
    } catch (error) {
      this.#refuse(request, response, error);
    }
  }

  /**
   * The steps of a request, in their order. What anonymous callers can reach comes first and looks at the head only;
   * no byte of a body is read for someone without a token.
   */
  async #takeSteps(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = checkRequestHead(request, this.#hosts);
    const target = this.#urls.targetOf(path);
    if (target.kind === 'metadata') return this.#metadata.answer(request, response, target.endpoint);
    checkOrigin(request, this.#hosts);
    allowOrigin(request, response);
    if (target.kind === 'unknown') throw new HttpRefusal(404, 'nothing is here');
    if (request.method === 'OPTIONS') return answerPreflight(request, response);
    if (request.method !== 'POST')
      throw new HttpRefusal(405, 'messages are sent with POST', { headers: { allow: 'POST, OPTIONS' } });
    const { endpoint } = target;
    const principal = await this.#authentication.authenticate(request, endpoint, query);
    checkMediaTypes(request);
    const maxBytes = Math.min(maxBodyBytes, this.#dispatch.maxBodyBytes);
    const release = this.#memory.take(accountKey(principal), announcedBytes(request, maxBytes));
    if (release === undefined) throw tooManyBodies();
    try {
      const body = await readBody(request, maxBytes);
      await this.#answer({ endpoint, principal, headers: request.headers, body }, response);
    } finally {
      release();
    }
  }

  /** From here on refusals carry the id of the request, and an answer may be a stream. */
  async #answer(incoming: Incoming, response: ServerResponse): Promise<void> {
    const message = readEnvelope(incoming.body);
    const requestId = message.kind === 'request' ? message.id : undefined;
    const account = accountKey(incoming.principal);
    const stream = new ReplyStream(response, this.#streams, account);
    let reply: Reply | undefined;
    try {
      if (this.#streams.isFull(account)) throw overloaded();
      this.#authentication.confirm(incoming.principal, incoming.endpoint);
      reply = await this.#eras.answer(message, incoming, stream);
    } catch (error) {
      reply = replyOfRefusal(error, requestId);
      if (reply === undefined) {
        logFault(this.#logger, { err: error, path: endpointName(incoming.endpoint) });
        reply = replyOfFault(requestId);
      }
      countRefusal(reply.status, error);
    }
    stream.finish(reply);
  }

  /** Answers what was refused before its message was read. */
  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (error instanceof ClientGoneError || response.headersSent) {
      response.destroy();
      return;
    }
    if (error instanceof BodyTooLargeError) {
      countRefusal(413);
      return sendAndClose(request, response, payloadTooLarge());
    }
    const reply = replyOfRefusal(error);
    const { path } = readTarget(request.url ?? '');
    if (reply === undefined) logFault(this.#logger, { err: error, path });
    else logRefused(this.#logger, { status: reply.status, reason: (error as Error).message, path });
    const { closes, ...answered } = reply ?? replyOfFault(undefined);
    countRefusal(answered.status, error);
    if (closes) sendAndClose(request, response, answered);
    else new ReplyStream(response, this.#streams).finish(answered);
  }
}

function payloadTooLarge(): Reply {
  const data = { executed: 'no', retryable: false, traceId: newTraceId() } as const;
  const refusal = gatehouseError(ErrorCode.payloadTooLarge, 'The request is too large', data, 413);
  return replyOfRefusal(refusal) as Reply;
}

function overloaded(): JsonRpcError {
  const data = { executed: 'no', retryable: true, retryAfterMs: 1_000, traceId: newTraceId() } as const;
  return gatehouseError(ErrorCode.overloaded, 'Too many answers wait for their readers', data);
}

function tooManyBodies(): HttpRefusal {
  return new HttpRefusal(503, 'too many large requests are under way', {
    closes: true,
    headers: { 'retry-after': '1' },
  });
}
