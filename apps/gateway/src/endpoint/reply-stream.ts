import type { ServerResponse } from 'node:http';
import type { RequestContext } from './mcp-request.ts';
import type { ReplyStreams } from './reply-streams.ts';
import type { ChunkedBody, Reply } from './reply.ts';
import { eventEnd, eventStart, frameEvent, onOneLine } from './sse-event.ts';

/** After this long without a word from the worker a plain answer becomes a stream, so that nobody in between gives up. */
const silenceMs = 5_000;
const heartbeatMs = 15_000;
/** A reader that takes nothing for this long is cut. */
const stallMs = 30_000;
/** Notifications waiting for one reader; more are dropped, for they are advice and the result is not. */
const maxWaitingBytes = 1024 * 1024;
/** The same where a worker's result may come behind them: its window (512 KiB) and what lies between fit beside it. */
const maxWaitingBeforeResultBytes = 384 * 1024;
/** One write at a time of this size shows whether a slow reader still reads. */
const sliceBytes = 64 * 1024;

/**
 * Up to this size a body goes out as a text of the same bytes: node:http joins it with the head to one write, where it
 * would hand over a list of two (docs/decisions/0022).
 */
const textBytes = 16 * 1024;

const heartbeat = Buffer.from(': keep-alive\n\n');
const closeHeaders = { connection: 'close' };

/**
 * The response to one POST: a JSON document, or Server-Sent Events once there is a notification or the answer takes
 * long (MCP 2026-07-28 Streamable HTTP §Receiving Messages). It never waits for its reader: it drops or cuts.
 */
export class ReplyStream implements RequestContext {
  readonly #response: ServerResponse;
  readonly #streams: ReplyStreams;
  readonly account: string;
  /** For `ReplyStreams` alone. */
  slot = -1;
  #abandonment: AbortController | undefined;
  #closeListeners: (() => void)[] | undefined;
  #streaming = false;
  #ended = false;
  /** The client went away before the answer was complete. */
  #abandoned = false;
  /** Since when a worker has said nothing; 0 when no worker is asked. */
  #silentSince = 0;
  #lastProgressAt = 0;
  #lastHeartbeatAt = 0;
  /** What of a whole answer has not been written yet. */
  #unwrittenBytes = 0;
  /** The chunks that this answer is made of, to be cancelled when its reader has gone. */
  #chunks: ChunkedBody['chunks'] | undefined;

  /** @param account of the caller, where it is known */
  constructor(response: ServerResponse, streams: ReplyStreams, account = '') {
    this.account = account;
    this.#response = response;
    this.#streams = streams;
    response.on('close', this.#onClose);
  }

  /** Bytes that the reader has not taken yet. */
  get waitingBytes(): number {
    return this.#response.writableLength + this.#unwrittenBytes;
  }

  /** Aborted when the client goes away before the answer is complete. */
  get signal(): AbortSignal {
    this.#abandonment ??= new AbortController();
    if (this.#abandoned) this.#abandonment.abort();
    return this.#abandonment.signal;
  }

  onClose(listener: () => void): void {
    if (this.#response.closed) listener();
    else (this.#closeListeners ??= []).push(listener);
  }

  /** From now on silence is answered with a stream. Only for requests that somebody else answers. */
  expectDelay(): void {
    if (this.#ended) return;
    this.#silentSince = Date.now();
    this.#streams.add(this);
  }

  /**
   * Sends a notification as an event. False when it was dropped: the answer is complete, the client gone, or too much
   * waits for the reader already.
   */
  notify(message: Uint8Array): boolean {
    if (this.#ended || this.#response.destroyed) return false;
    this.open();
    const maxBytes = this.#silentSince === 0 ? maxWaitingBytes : maxWaitingBeforeResultBytes;
    if (this.#response.writableLength + message.length > maxBytes) return false;
    this.#response.write(frameEvent(message), this.#onFlushed);
    return true;
  }

  /** Sends the final reply and ends the response. */
  finish(reply: Reply): void {
    if (this.#ended || this.#response.destroyed) return reply.chunked?.chunks.cancel();
    this.#ended = true;
    if (reply.chunked !== undefined) void this.#finishInChunks(reply, reply.chunked);
    else if (this.#streaming) this.#finishStream(reply.body);
    else this.#finishDocument(reply);
  }

  /** Turns the answer into a stream, if it is not one yet: from here on it has heartbeats and may last for ever. */
  open(): void {
    if (this.#streaming || this.#ended || this.#response.destroyed) return;
    this.#streaming = true;
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // Proxies such as nginx must not hold events back (§Receiving Messages).
      'x-accel-buffering': 'no',
    });
    this.#response.flushHeaders();
    this.#lastHeartbeatAt = Date.now();
    this.#watchReader();
  }

  #finishDocument(reply: Reply): void {
    const { body } = reply;
    this.#writeHead(reply, body?.length);
    if (body !== undefined && body.length > sliceBytes) {
      this.#watchReader();
      this.#writeSlices(body, 0, () => this.#response.end());
      return;
    }
    if (body !== undefined && body.length <= textBytes) this.#response.end(bytesAsText(body), 'latin1');
    else this.#response.end(body);
    // Small as it is, a reader that takes nothing must not hold it for ever.
    if (this.#response.writableLength > 0) this.#watchReader();
    else this.#streams.delete(this);
  }

  #writeHead({ status, headers, closes }: Reply, bytes: number | undefined): void {
    const connection = closes ? closeHeaders : undefined;
    if (bytes === undefined) {
      this.#response.writeHead(status, { ...headers, ...connection });
      return;
    }
    const known = { 'content-type': 'application/json', 'content-length': bytes };
    this.#response.writeHead(status, headers || connection ? { ...known, ...headers, ...connection } : known);
  }

  #finishStream(body: Uint8Array | undefined): void {
    if (body === undefined) {
      this.#response.end();
    } else if (body.length <= sliceBytes) {
      this.#response.end(frameEvent(body));
    } else {
      this.#response.write(eventStart);
      this.#writeSlices(onOneLine(body), 0, () => this.#response.end(eventEnd));
    }
  }

  /**
   * Passes chunks on as they come and as fast as the reader takes them. When the rest is lost the connection is cut: a
   * status or an event has begun that says "result" (docs/decisions/0018).
   */
  async #finishInChunks(reply: Reply, { bytes, chunks }: ChunkedBody): Promise<void> {
    this.#chunks = chunks;
    const streaming = this.#streaming;
    if (streaming) this.#response.write(eventStart);
    else this.#writeHead(reply, bytes);
    this.#watchReader();
    try {
      for await (const chunk of chunks) await this.#write(streaming ? onOneLine(chunk) : chunk);
      this.#response.end(streaming ? eventEnd : undefined);
    } catch {
      this.#response.destroy();
    }
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#writeSlices(bytes, 0, resolve));
  }

  /** One slice after the other, so that each that arrives counts as progress. */
  #writeSlices(bytes: Uint8Array, offset: number, done: () => void): void {
    const end = Math.min(offset + sliceBytes, bytes.length);
    this.#unwrittenBytes = bytes.length - end;
    this.#response.write(bytes.subarray(offset, end), (error) => {
      this.#onFlushed();
      if (error) return;
      if (end < bytes.length) this.#writeSlices(bytes, end, done);
      else done();
    });
  }

  readonly #onFlushed = (): void => {
    this.#lastProgressAt = Date.now();
  };

  #watchReader(): void {
    this.#lastProgressAt = Date.now();
    this.#streams.add(this);
  }

  /** What is due at `now`: the begin of a stream, a heartbeat for a reader that reads, the end for one that does not. */
  sweep(now: number): void {
    if (this.#response.writableLength > 0) {
      // A heartbeat would hide a dead peer from TCP and from this check: nothing more is written to it.
      if (now - this.#lastProgressAt >= stallMs) this.#response.destroy();
      return;
    }
    this.#lastProgressAt = now;
    if (this.#ended) return;
    if (!this.#streaming) {
      if (now - this.#silentSince >= silenceMs) this.open();
    } else if (now - this.#lastHeartbeatAt >= heartbeatMs) {
      this.#lastHeartbeatAt = now;
      this.#response.write(heartbeat);
    }
  }

  readonly #onClose = (): void => {
    this.#streams.delete(this);
    this.#chunks?.cancel();
    for (const listener of this.#closeListeners ?? []) listener();
    if (this.#ended) return;
    this.#ended = true;
    this.#abandoned = true;
    this.#abandonment?.abort();
  };
}

function bytesAsText(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
}
