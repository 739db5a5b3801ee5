import type { Logger } from '@gatehouse/runtime';
import type { Msg, NatsConnection } from '@nats-io/nats-core';
import type { CallHandler, FinalFrame, Refusal } from './call.ts';
import type { CallQueue } from './call-queue.ts';
import { logFrameTooLarge, logHandlerFailed } from './events.ts';
import type { OutgoingReplies } from './outgoing-replies.ts';
import { RunningCall } from './running-call.ts';
import type { OwnTasks } from './tasks/own-tasks.ts';
import type { FrameHeader } from './wire.ts';
import {
  chunkBytes,
  encodeFrameHeaders,
  headerRoomBytes,
  maxResultBytes,
  parseCallHeaders,
  parseControl,
} from './wire.ts';

/** How much two clocks may disagree before a call counts as delivered after its deadline. */
const clockToleranceMs = 2_000;

const emptyBody = new Uint8Array();

/** What `$SRV.STATS` tells of one server. */
export interface CallStatistics {
  calls: number;
  errors: number;
  processingMs: number;
}

/** One server as this process answers for it. */
export class ServedInstance {
  readonly server: string;
  readonly statistics: CallStatistics = { calls: 0, errors: 0, processingMs: 0 };
  readonly #connection: NatsConnection;
  readonly #identity: { tenant: string; server: string };
  /** By digest: the definitions that are offered, and those before them, for calls that are on their way. */
  #handlers: ReadonlyMap<string, CallHandler> = new Map();
  readonly #queue: CallQueue;
  readonly #replies: OutgoingReplies;
  readonly #tasks: OwnTasks;
  readonly #logger: Logger;
  #draining = false;

  constructor(
    connection: NatsConnection,
    identity: { tenant: string; server: string },
    queue: CallQueue,
    replies: OutgoingReplies,
    tasks: OwnTasks,
    logger: Logger,
  ) {
    this.server = identity.server;
    this.#connection = connection;
    this.#identity = identity;
    this.#queue = queue;
    this.#replies = replies;
    this.#tasks = tasks;
    this.#logger = logger;
  }

  /** From here on calls of these definitions are taken; those of the ones before are still answered as they were. */
  serve(digest: string, handler: CallHandler): void {
    const before = [...this.#handlers].filter(([known]) => known !== digest).slice(-1);
    this.#handlers = new Map([...before, [digest, handler]]);
  }

  /** From here on every call is refused as not executed. */
  refuseCalls(): void {
    this.#draining = true;
  }

  receiveCall(message: Msg): void {
    const replySubject = message.reply;
    if (!replySubject) return;
    const parsed = parseCallHeaders(message);
    // NATS permissions let only gateways publish here; a principal of another tenant is refused all the same.
    if (!parsed || parsed.principal.tenant !== this.#identity.tenant) return this.refuse(replySubject, 'malformed');
    const { header, principal } = parsed;
    if (this.#draining) return this.refuse(replySubject, 'draining');
    const handler = this.#handlers.get(header.digest);
    if (!handler) return this.refuse(replySubject, 'unknown-definitions');
    if (header.deadlineMs + clockToleranceMs < Date.now()) return this.refuse(replySubject, 'expired');
    const task = header.task && this.#tasks.offer(header.task);
    const at = { replySubject, tenant: this.#identity.tenant, server: this.server, task };
    const call = new RunningCall(at, header, principal, message.data, (kind, body) =>
      this.#sendNotification(replySubject, kind, body),
    );
    const taken = !this.#replies.isFullFor(principal) && this.#queue.offer(call, () => this.#run(call, handler));
    if (!taken) this.refuse(replySubject, 'overloaded');
  }

  receiveControl(message: Msg, beat: () => string): void {
    const control = parseControl(message);
    if (control?.kind === 'probe') message.respond(beat());
    if (control?.kind === 'window') this.#replies.openWindow(control.callId, control.upToBytes);
    if (control?.kind !== 'cancel') return;
    this.#replies.drop(control.callId);
    const neverRan = this.#queue.cancel(control.callId);
    if (neverRan) this.refuse(neverRan.replySubject, 'expired');
  }

  refuse(replySubject: string, reason: Refusal): void {
    this.#send(replySubject, { kind: 'refused', reason }, emptyBody);
  }

  /** Never rejects: a handler that throws is the worker's fault and becomes -32603. */
  async #run(call: RunningCall, handler: CallHandler): Promise<void> {
    const startedAt = performance.now();
    let frame: FinalFrame;
    try {
      frame = await handler(call);
    } catch (error) {
      const { server, method, name, traceId } = call;
      logHandlerFailed(this.#logger, { err: error, server, method, name, traceId });
      frame = internalError(call.body);
    }
    call.end();
    this.statistics.calls++;
    this.statistics.processingMs += performance.now() - startedAt;
    if (frame.kind === 'error') this.statistics.errors++;
    if (!call.cancelled) this.#sendFinal(call, frame);
  }

  #sendFinal(call: RunningCall, frame: FinalFrame): void {
    const { body, ...info } = frame;
    const maxChunkBytes = Math.min(chunkBytes, this.#maxBodyBytes);
    if (body.length <= maxChunkBytes) return this.#send(call.replySubject, info, body);
    if (body.length <= maxResultBytes)
      return this.#replies.send(call, frame, maxChunkBytes, (header, chunk) =>
        this.#send(call.replySubject, header, chunk),
      );
    logFrameTooLarge(this.#logger, { server: call.server, name: call.name, bytes: body.length });
    this.#send(call.replySubject, { kind: 'result-too-large' }, emptyBody);
  }

  #sendNotification(replySubject: string, kind: 'notification' | 'progress', body: Uint8Array): void {
    if (body.length <= this.#maxBodyBytes) return this.#send(replySubject, { kind }, body);
    logFrameTooLarge(this.#logger, { server: this.server, bytes: body.length });
  }

  get #maxBodyBytes(): number {
    return (this.#connection.info?.max_payload ?? 1024 * 1024) - headerRoomBytes;
  }

  #send(replySubject: string, header: FrameHeader, body: Uint8Array): void {
    if (this.#connection.isClosed()) return;
    this.#connection.publish(replySubject, body, { headers: encodeFrameHeaders(header) });
  }
}

function internalError(request: Uint8Array): FinalFrame {
  const error = { code: -32603, message: 'Internal error' };
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: requestIdOf(request), error }));
  return { kind: 'error', errorCode: -32603, body };
}

function requestIdOf(request: Uint8Array): unknown {
  try {
    return (JSON.parse(Buffer.from(request).toString()) as { id?: unknown }).id ?? null;
  } catch {
    return null;
  }
}
