import { randomBytes } from 'node:crypto';

/** W3C Trace Context Level 1: the ids of one span. Hexadecimal, lower case. */
interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  sampled: boolean;
}

const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent` value; undefined when it is not valid (W3C Trace Context §3.2). */
export function parseTraceparent(value: unknown): TraceContext | undefined {
  if (typeof value !== 'string') return undefined;
  const match = traceparentPattern.exec(value);
  if (!match) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

const traceIdBytes = 16;
let entropy = Buffer.alloc(0);
let entropyOffset = 0;

/** The id of a new trace: 32 hexadecimal digits. They come from a pool, since asking the system for each costs more. */
export function newTraceId(): string {
  if (entropyOffset + traceIdBytes > entropy.length) {
    entropy = randomBytes(8_192);
    entropyOffset = 0;
  }
  const traceId = entropy.toString('hex', entropyOffset, entropyOffset + traceIdBytes);
  entropyOffset += traceIdBytes;
  return traceId;
}
