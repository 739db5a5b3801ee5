import type { Principal } from '@gatehouse/protocol';
import type { Msg } from '@nats-io/nats-core';
import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import type { CallRequest, FinalFrameInfo, Refusal } from './call.ts';

/**
 * The headers of calls and frames. Each is one line of JSON: `JSON.stringify` escapes every control character, so no
 * name can end a header line, and one header is cheaper to parse than eight.
 */
const callHeader = 'Gatehouse-Call';
const principalHeader = 'Gatehouse-Principal';
const frameHeader = 'Gatehouse-Frame';

/** Room in a message of `max_payload` bytes for its headers. */
export const headerRoomBytes = 16 * 1024;

/** What stands beside a call's body. */
export interface CallHeader {
  digest: string;
  method: string;
  name: string;
  /** When the gateway stops waiting, by the gateway's clock. */
  deadlineMs: number;
  timeoutMs: number;
  maxCallMs: number;
  traceparent?: string;
}

/** What stands beside a frame's body. A notification of progress moves the deadline, others do not. */
export type FrameHeader =
  | { kind: 'notification' | 'progress' | 'result-too-large' }
  | { kind: 'refused'; reason: Refusal }
  | FinalFrameInfo;

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

const encodedPrincipals = new WeakMap<Principal, string>();

export function encodeCallHeaders(request: CallRequest, deadlineMs: number): EncodedHeaders {
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
  if (request.traceparent !== undefined) header.traceparent = request.traceparent;
  return new EncodedHeaders(`${callHeader}: ${JSON.stringify(header)}\r\n${principal}`);
}

const principals = new Map<string, Principal>();
const maxCachedPrincipals = 1_000;

/** Reads a call's headers; undefined when they are not what a gateway writes. */
export function parseCallHeaders(message: Msg): { header: CallHeader; principal: Principal } | undefined {
  const text = message.headers?.get(principalHeader);
  if (!text) return undefined;
  try {
    const header = JSON.parse(message.headers?.get(callHeader) ?? '') as CallHeader;
    const complete =
      typeof header.digest === 'string' &&
      typeof header.method === 'string' &&
      typeof header.name === 'string' &&
      Number.isFinite(header.deadlineMs) &&
      Number.isFinite(header.timeoutMs) &&
      Number.isFinite(header.maxCallMs);
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

/** Frames say one of a few things, so their headers are made once. */
export function encodeFrameHeaders(header: FrameHeader): EncodedHeaders {
  const text = JSON.stringify(header);
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
  const text = message.headers?.get(frameHeader);
  if (!text || text.length > maxFrameHeaderLength) return undefined;
  const known = parsedFrames.get(text);
  if (known) return known;
  const header = validFrameHeader(text);
  if (header) {
    if (parsedFrames.size >= 1_000) parsedFrames.clear();
    parsedFrames.set(text, Object.freeze(header));
  }
  return header;
}

const refusals = new Set(['draining', 'overloaded', 'unknown-definitions', 'expired', 'malformed']);

function validFrameHeader(text: string): FrameHeader | undefined {
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { kind, reason, resultType, isError, errorCode } = header;
  if (kind === 'notification' || kind === 'progress' || kind === 'result-too-large') return { kind };
  if (kind === 'refused') return refusals.has(String(reason)) ? { kind, reason: reason as Refusal } : undefined;
  if (kind !== 'result' && kind !== 'error') return undefined;
  return {
    kind,
    ...(typeof resultType === 'string' ? { resultType } : {}),
    ...(typeof isError === 'boolean' ? { isError } : {}),
    ...(Number.isInteger(errorCode) ? { errorCode: errorCode as number } : {}),
  };
}

/** NATS's answer, instead of a worker's, when nobody listens on the subject (status 503). */
export function isNoResponders(message: Msg): boolean {
  return message.data.length === 0 && message.headers?.code === 503;
}

/** What a gateway says to one instance outside of calls. */
export type ControlMessage = { kind: 'probe' } | { kind: 'cancel'; callId: string };

export function encodeControl(message: ControlMessage): string {
  return JSON.stringify(message);
}

/** Reads a control message; undefined when it is none. */
export function parseControl(message: Msg): ControlMessage | undefined {
  try {
    const { kind, callId } = message.json<{ kind: unknown; callId: unknown }>();
    if (kind === 'probe') return { kind };
    return kind === 'cancel' && typeof callId === 'string' ? { kind, callId } : undefined;
  } catch {
    return undefined;
  }
}
