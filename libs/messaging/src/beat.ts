import type { Msg } from '@nats-io/nats-core';
import type { InstanceAddress } from './subjects.ts';
import { addressOfBeat, subjectToken } from './subjects.ts';

/** How often an instance beats. */
export const beatIntervalMs = 500;

/** What an instance says of itself twice a second, and when a gateway probes it. */
export interface Beat {
  tenant: string;
  server: string;
  /** Digest of the definitions that it serves. */
  digest: string;
  /** Digest of those that it served before: calls on their way for them are still answered. */
  previousDigest?: string;
  /** `draining` finishes what it has and takes nothing new; `stopped` is the last word. */
  state: 'ready' | 'draining' | 'stopped';
  /** Calls of this process that run or wait. */
  load: number;
}

const maxBeatBytes = 1_024;
const digestPattern = /^[0-9a-f]{40}$/;

export function encodeBeat(beat: Beat): string {
  return JSON.stringify(beat);
}

/**
 * Reads a beat that came on a beat subject; undefined when it is malformed or names another tenant or server than its
 * subject, which is the only part that NATS permissions vouch for.
 */
export function parseBeat(message: Msg): { from: InstanceAddress; beat: Beat } | undefined {
  const from = addressOfBeat(message.subject);
  const beat = parseBeatOf(message);
  if (!from || !beat) return undefined;
  if (subjectToken(beat.tenant) !== from.tenant || subjectToken(beat.server) !== from.server) return undefined;
  return { from, beat };
}

/** Reads a beat's content, whatever subject it came on. */
export function parseBeatOf(message: Msg): Beat | undefined {
  if (message.data.length > maxBeatBytes) return undefined;
  let content: unknown;
  try {
    content = message.json();
  } catch {
    return undefined;
  }
  if (typeof content !== 'object' || content === null) return undefined;
  const { tenant, server, digest, previousDigest, state, load } = content as Record<string, unknown>;
  if (typeof tenant !== 'string' || typeof server !== 'string') return undefined;
  if (!isDigest(digest) || (previousDigest !== undefined && !isDigest(previousDigest))) return undefined;
  if (state !== 'ready' && state !== 'draining' && state !== 'stopped') return undefined;
  if (typeof load !== 'number' || !Number.isInteger(load) || load < 0) return undefined;
  return { tenant, server, digest, ...(previousDigest === undefined ? {} : { previousDigest }), state, load };
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && digestPattern.test(value);
}
