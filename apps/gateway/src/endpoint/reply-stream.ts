import type { ServerResponse } from 'node:http';
import type { RequestContext } from './mcp-request.ts';
import type { ReplyStreams } from './reply-streams.ts';
import type { Reply } from './reply.ts';

/** After this long without a word from the worker a plain answer becomes a stream, so that nobody in between gives up. */
const silenceMs = 5_000;
const heartbeatMs = 15_000;
/** A reader that takes nothing for this long is cut. */
const stallMs = 30_000;
/** Notifications waiting for one reader; more are dropped, for they are advice and the result is not. */
const maxWaitingBytes = 1024 * 1024;
/** One write at a time of this size shows whether a slow reader still reads. */
const sliceBytes = 64 * 1024;

const eventStart = Buffer.from('event: message\ndata: ');
const eventEnd = Buffer.from('\n\n');
const heartbeat = Buffer.from(': keep-alive\n\n');
const closeHeaders = { connection: 'close' };

/**
 * The response to one POST: a JSON document, or Server-Sent Events once there is a notification or the answer takes
 * long (MCP 2026-07-28 Streamable HTTP §Receiving Messages). It never waits for its reader: it drops or cuts.
 */
export class ReplyStream implements RequestContext {
  readonly #response: ServerResponse;
  readonly #streams: ReplyStreams;
  #abandonment: AbortController | undefined;
  #streaming = false;
  #ended = false;
  /** Since when a worker has said nothing; 0 while nobody is waited for. */
  #silentSince = 0;
  #lastProgressAt = 0;
  #lastHeartbeatAt = 0;

  constructor(response: ServerResponse, streams: ReplyStreams) {
    this.#response = response;
    this.#streams = streams;
    response.once('close', this.#onClose);
  }

  /** Bytes that the reader has not taken yet. */
  get waitingBytes(): number {
    return this.#response.writableLength;
  }

  /** Aborted when the client goes away before the answer is complete. */
  get signal(): AbortSignal {
    this.#abandonment ??= new AbortController();
    return this.#abandonment.signal;
  }

  /** From now on silence is answered with a stream. Only for requests that somebody else answers. */
  expectDelay(): void {
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
    if (this.#response.writableLength + message.length > maxWaitingBytes) return false;
    this.#response.write(frameEvent(message), this.#onFlushed);
    return true;
  }

  /** Sends the final reply and ends the response. */
  finish(reply: Reply): void {
    if (this.#ended || this.#response.destroyed) return;
    this.#ended = true;
    if (this.#streaming) this.#finishStream(reply.body);
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
    const { status, body, headers } = reply;
    const connection = reply.closes ? closeHeaders : undefined;
    if (body === undefined) {
      this.#response.writeHead(status, { ...headers, ...connection });
      this.#streams.delete(this);
      this.#response.end();
      return;
    }
    const known = { 'content-type': 'application/json', 'content-length': body.length };
    this.#response.writeHead(status, headers || connection ? { ...known, ...headers, ...connection } : known);
    if (body.length <= sliceBytes) {
      this.#streams.delete(this);
      this.#response.end(body);
    } else {
      this.#watchReader();
      this.#writeSlices(body, 0);
    }
  }

  #finishStream(body: Uint8Array | undefined): void {
    if (body === undefined) this.#response.end();
    else this.#writeSlices(frameEvent(body), 0);
  }

  /** One slice after the other, so that each that arrives counts as progress. */
  #writeSlices(bytes: Uint8Array, offset: number): void {
    const end = offset + sliceBytes;
    if (end >= bytes.length) {
      this.#response.end(bytes.subarray(offset));
      return;
    }
    this.#response.write(bytes.subarray(offset, end), (error) => {
      this.#onFlushed();
      if (!error) this.#writeSlices(bytes, end);
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
    if (this.#ended) return;
    this.#ended = true;
    this.#abandonment?.abort();
  };
}

/** One SSE event; a line break inside the JSON text becomes a second `data` line, or it would end the event. */
function frameEvent(message: Uint8Array): Buffer {
  if (message.includes(0x0a) || message.includes(0x0d)) {
    const lines = Buffer.from(message)
      .toString()
      .split(/\r\n|\r|\n/);
    return Buffer.from(`event: message\n${lines.map((line) => `data: ${line}\n`).join('')}\n`);
  }
  return Buffer.concat([eventStart, message, eventEnd]);
}
