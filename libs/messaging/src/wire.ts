import { isObject } from '@gatehouse/protocol';
import type { Principal } from '@gatehouse/protocol';
import type { TraceCarrier } from '@gatehouse/runtime';
import type { Msg } from '@nats-io/nats-core';
import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import type { MsgImpl } from '@nats-io/nats-core/internal';
import type { CallRequest, FinalFrameInfo, Refusal } from './call.ts';
import type { SealedTaskGrant } from './tasks/task-grants.ts';

/**
 * The headers of calls and frames. Each is one line of JSON: `JSON.stringify` escapes every control character, so no
 * name can end a header line, and one header is cheaper to parse than eight.
 */
const callHeader = 'Gatehouse-Call';
const principalHeader = 'Gatehouse-Principal';
const frameHeader = 'Gatehouse-Frame';

/** Room in a message of `max_payload` bytes for its headers. */
export const headerRoomBytes = 16 * 1024;

/**
 * Largest body of one message of a result; what is larger comes in chunks of this size (measured, docs/decisions/0018).
 */
export const chunkBytes = 128 * 1024;

/**
 * How much of a result a worker sends before the gateway has passed any of it on, unless the call says less. A reader that
 * stalls may cost 1 MiB: twice this, for what lies in memory is more than the bytes that count.
 */
export const windowBytes = 512 * 1024;

/** How long a result waits for a reader that takes none of it; gateways cut such a reader after 30 s. */
export const readerPatienceMs = 35_000;

/** Largest result; beyond it a worker says that it is too large. */
export const maxResultBytes = 64 * 1024 * 1024;

/** What stands beside a call's body. */
export interface CallHeader {
  digest: string;
  method: string;
  name: string;
  /** When the gateway stops waiting, by the gateway's clock. */
  deadlineMs: number;
  timeoutMs: number;
  maxCallMs: number;
  traceId?: string;
  trace?: TraceCarrier;
  /** What lets the call become a task. */
  task?: SealedTaskGrant;
  /** The window of the result where it is not `windowBytes`; at least one chunk. */
  windowBytes?: number;
}

/**
 * What stands beside a frame's body. A notification of progress moves the deadline, others do not. A final frame with
 * `bytes` is the first chunk of a message of that length; the others follow, numbered from 1.
 */
export type FrameHeader =
  | { kind: 'notification' | 'progress' | 'result-too-large' }
  | { kind: 'refused'; reason: Refusal }
  | { kind: 'chunk'; number: number }
  | (FinalFrameInfo & { bytes?: number });

/**
 * Headers whose bytes are made at once. What nats.js does instead (checking and normalising each name and value again)
 * costs several times as much and changes nothing here.
 */
class EncodedHeaders extends MsgHdrsImpl {
  readonly #bytes: Uint8Array;

  constructor(lines: string) {
    super();
    this.#bytes = Buffer.from(`NATS/1.0\r\n${lines}\r\n`);
  }

  override encode(): Uint8Array {
    return this.#bytes;
  }
}

/** The value of one of our headers. nats.js would first check and normalise every header of the message. */
function headerValue(message: Msg, name: string): string | undefined {
  const { _msg: received, _rdata: bytes } = message as MsgImpl;
  if (received.hdr <= 0) return undefined;
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, received.hdr).toString();
  const line = block.indexOf(`\r\n${name}: `);
  if (line === -1) return undefined;
  const start = line + name.length + 4;
  return block.slice(start, block.indexOf('\r\n', start));
}

const encodedPrincipals = new WeakMap<Principal, string>();

export function encodeCallHeaders(request: CallRequest, deadlineMs: number, grantedBytes: number): EncodedHeaders {
  let principal = encodedPrincipals.get(request.principal);
  if (principal === undefined) {
    principal = `${principalHeader}: ${JSON.stringify(request.principal)}\r\n`;
    encodedPrincipals.set(request.principal, principal);
  }
  const header: CallHeader = {
    digest: request.digest,
    method: request.method,
    name: request.name,
    deadlineMs,
    timeoutMs: request.timeoutMs,
    maxCallMs: request.maxCallMs,
  };
  if (request.traceId !== undefined) header.traceId = request.traceId;
  if (request.trace !== undefined && hasFields(request.trace)) header.trace = request.trace;
  if (request.task !== undefined) header.task = request.task;
  if (grantedBytes !== windowBytes) header.windowBytes = grantedBytes;
  return new EncodedHeaders(`${callHeader}: ${JSON.stringify(header)}\r\n${principal}`);
}

/** Most calls have no trace context, and then none is written. */
function hasFields(carrier: TraceCarrier): boolean {
  for (const _ in carrier) return true;
  return false;
}

const principals = new Map<string, Principal>();
const maxCachedPrincipals = 1_000;

/** Reads a call's headers; undefined when they are not what a gateway writes. */
export function parseCallHeaders(message: Msg): { header: CallHeader; principal: Principal } | undefined {
  const text = headerValue(message, principalHeader);
  if (!text) return undefined;
  try {
    const header = JSON.parse(headerValue(message, callHeader) ?? '') as CallHeader;
    const complete =
      typeof header.digest === 'string' &&
      typeof header.method === 'string' &&
      typeof header.name === 'string' &&
      Number.isFinite(header.deadlineMs) &&
      Number.isFinite(header.timeoutMs) &&
      Number.isFinite(header.maxCallMs) &&
      (header.trace === undefined || isObject(header.trace)) &&
      (header.windowBytes === undefined || Number.isInteger(header.windowBytes));
    return complete ? { header, principal: parsePrincipal(text) } : undefined;
  } catch {
    return undefined;
  }
}

/** The same caller comes again and again: one object per text, frozen because handlers share it. */
function parsePrincipal(text: string): Principal {
  const known = principals.get(text);
  if (known) return known;
  const principal = JSON.parse(text) as Principal;
  Object.freeze(principal.scopes);
  Object.freeze(principal.roles);
  if (principals.size >= maxCachedPrincipals) principals.clear();
  principals.set(text, Object.freeze(principal));
  return principal;
}

const encodedFrames = new Map<string, EncodedHeaders>();

/** Frames say one of a few things, so their headers are made once; those of chunks are all different. */
export function encodeFrameHeaders(header: FrameHeader): EncodedHeaders {
  const text = JSON.stringify(header);
  if (isOfChunk(header)) return new EncodedHeaders(`${frameHeader}: ${text}\r\n`);
  let messageHeaders = encodedFrames.get(text);
  if (messageHeaders === undefined) {
    messageHeaders = new EncodedHeaders(`${frameHeader}: ${text}\r\n`);
    if (encodedFrames.size >= 1_000) encodedFrames.clear();
    encodedFrames.set(text, messageHeaders);
  }
  return messageHeaders;
}

/** Far more than any frame says; what is kept below must not grow by a worker's will. */
const maxFrameHeaderLength = 512;

const parsedFrames = new Map<string, FrameHeader>();

/** Reads a frame's header; undefined when it is not what a worker may write. */
export function parseFrameHeader(message: Msg): FrameHeader | undefined {
  const text = headerValue(message, frameHeader);
  if (!text || text.length > maxFrameHeaderLength) return undefined;
  const known = parsedFrames.get(text);
  if (known) return known;
  const header = validFrameHeader(text);
  if (header && !isOfChunk(header)) {
    if (parsedFrames.size >= 1_000) parsedFrames.clear();
    parsedFrames.set(text, Object.freeze(header));
  }
  return header;
}

function isOfChunk(header: FrameHeader): boolean {
  return header.kind === 'chunk' || 'bytes' in header;
}

const refusals = new Set(['draining', 'overloaded', 'unknown-definitions', 'expired', 'malformed']);

function validFrameHeader(text: string): FrameHeader | undefined {
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { kind, reason, resultType, isError, errorCode, bytes, number } = header;
  if (kind === 'notification' || kind === 'progress' || kind === 'result-too-large') return { kind };
  if (kind === 'refused') return refusals.has(String(reason)) ? { kind, reason: reason as Refusal } : undefined;
  if (kind === 'chunk') return isCount(number, maxResultBytes) ? { kind, number } : undefined;
  if (kind !== 'result' && kind !== 'error') return undefined;
  if (bytes !== undefined && !isCount(bytes, maxResultBytes)) return undefined;
  return {
    kind,
    ...(typeof resultType === 'string' ? { resultType } : {}),
    ...(typeof isError === 'boolean' ? { isError } : {}),
    ...(Number.isInteger(errorCode) ? { errorCode: errorCode as number } : {}),
    ...(bytes === undefined ? {} : { bytes }),
  };
}

function isCount(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= max;
}

/** NATS's answer, instead of a worker's, when nobody listens on the subject (status 503). */
export function isNoResponders(message: Msg): boolean {
  return message.data.length === 0 && message.headers?.code === 503;
}

/** What a gateway says to one instance outside of calls. */
type ControlMessage =
  | { kind: 'probe' }
  | { kind: 'cancel'; callId: string }
  /** The result may be sent up to this byte. Counted from its beginning, so that none lost or doubled does harm. */
  | { kind: 'window'; callId: string; upToBytes: number };

export function encodeControl(message: ControlMessage): string {
  return JSON.stringify(message);
}

/** Reads a control message; undefined when it is none. */
export function parseControl(message: Msg): ControlMessage | undefined {
  try {
    const { kind, callId, upToBytes } = message.json<{ kind: unknown; callId: unknown; upToBytes: unknown }>();
    if (kind === 'probe') return { kind };
    if (typeof callId !== 'string') return undefined;
    if (kind === 'window') return isCount(upToBytes, maxResultBytes) ? { kind, callId, upToBytes } : undefined;
    return kind === 'cancel' ? { kind, callId } : undefined;
  } catch {
    return undefined;
  }
}
