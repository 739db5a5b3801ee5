import type { ServerResponse } from 'node:http';
import type { RequestContext } from './mcp-request.ts';
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
  #abandonment: AbortController | undefined;
  #silence: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #streaming = false;
  #ended = false;
  #lastProgressAt = 0;
  #lastHeartbeatAt = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once('close', this.#onClose);
  }

  /** Aborted when the client goes away before the answer is complete. */
  get signal(): AbortSignal {
    this.#abandonment ??= new AbortController();
    return this.#abandonment.signal;
  }

  /** From now on silence is answered with a stream. Only for requests that somebody else answers. */
  expectDelay(): void {
    this.#silence = setTimeout(openStream, silenceMs, this);
  }

  /** Sends a notification of the call; ignored once the answer is complete or the client gone. */
  notify(message: Uint8Array): void {
    if (this.#ended || this.#response.destroyed) return;
    this.open();
    if (this.#response.writableLength + message.length > maxWaitingBytes) return;
    this.#response.write(frameEvent(message), this.#onFlushed);
  }

  /** Sends the final reply and ends the response. */
  finish(reply: Reply): void {
    if (this.#ended || this.#response.destroyed) return;
    this.#ended = true;
    clearTimeout(this.#silence);
    if (this.#streaming) this.#finishStream(reply.body);
    else this.#finishDocument(reply);
  }

  /** Turns the answer into a stream, if it is not one yet. */
  open(): void {
    if (this.#streaming || this.#ended || this.#response.destroyed) return;
    this.#streaming = true;
    clearTimeout(this.#silence);
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // Proxies such as nginx must not hold events back (§Receiving Messages).
      'x-accel-buffering': 'no',
    });
    this.#response.flushHeaders();
    this.#lastHeartbeatAt = Date.now();
    this.#startWatch();
  }

  #finishDocument(reply: Reply): void {
    const { status, body, headers } = reply;
    const connection = reply.closes ? closeHeaders : undefined;
    if (body === undefined) {
      this.#response.writeHead(status, { ...headers, ...connection });
      this.#response.end();
      return;
    }
    const known = { 'content-type': 'application/json', 'content-length': body.length };
    this.#response.writeHead(status, headers || connection ? { ...known, ...headers, ...connection } : known);
    if (body.length <= sliceBytes) this.#response.end(body);
    else {
      this.#startWatch();
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

  #startWatch(): void {
    this.#lastProgressAt = Date.now();
    this.#watch ??= setInterval(watchReader, 1_000, this);
  }

  /** Heartbeats for a reader that reads, the end for one that does not. */
  watch(): void {
    const now = Date.now();
    if (this.#response.writableLength > 0) {
      // A heartbeat would hide a dead peer from TCP and from this check: nothing more is written to it.
      if (now - this.#lastProgressAt >= stallMs) this.#response.destroy();
      return;
    }
    this.#lastProgressAt = now;
    if (!this.#streaming || this.#ended || now - this.#lastHeartbeatAt < heartbeatMs) return;
    this.#lastHeartbeatAt = now;
    this.#response.write(heartbeat);
  }

  readonly #onClose = (): void => {
    clearTimeout(this.#silence);
    clearInterval(this.#watch);
    if (!this.#ended) {
      this.#ended = true;
      this.#abandonment?.abort();
    }
  };
}

function openStream(stream: ReplyStream): void {
  stream.open();
}

function watchReader(stream: ReplyStream): void {
  stream.watch();
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
