import { accessTokenLifetimeSeconds, idTokenLifetimeSeconds } from '../provider/lifetimes.ts';
import { signingAlgorithms } from './signing-algorithm.ts';
import type { SigningAlgorithm } from './signing-algorithm.ts';

/** A signing key as its life cycle sees it. Ages are seconds by the database's clock. */
export interface KeyAge {
  id: string;
  state: 'next' | 'active' | 'retired';
  algorithm: SigningAlgorithm;
  /** Since it was published. */
  ageSeconds: number;
  /** Since it began to sign. */
  activeSeconds: number | null;
  /** Since it ceased to sign. */
  retiredSeconds: number | null;
  rotationRequested: boolean;
}

/** The times of a rotation. */
export interface KeyPolicy {
  /** How long a key is published before it may sign. */
  leadSeconds: number;
  /** How long a key signs; undefined when it is exchanged by command only. */
  activeSeconds: number | undefined;
  /** How long a key is published after it signed for the last time. */
  retentionSeconds: number;
  /** What new keys are made for, and to which the present ones give way; undefined for what there is. */
  algorithm: SigningAlgorithm | undefined;
}

/** What brings the keys forward by one state. */
export type KeyStep =
  | { kind: 'create'; state: 'active' | 'next'; algorithm: SigningAlgorithm }
  /** The next key signs from now on, and the active one, if any, is retired. */
  | { kind: 'promote'; id: string; reason: 'requested' | 'scheduled' | 'other_algorithm' | 'no_active_key' }
  | { kind: 'remove'; id: string };

/** A replica reads the keys every half second, with a statement of 2 s at most; a gateway's fetch takes 3 s at most. */
const spreadSeconds = 10;
/** How far the clock of whoever verifies a token may be behind. */
const clockToleranceSeconds = 60;
const daySeconds = 24 * 60 * 60;

/** The policy of a server whose key set may be cached for `maxAgeSeconds`. */
export function keyPolicy(settings: {
  AUTH_KEY_SET_MAX_AGE_SECONDS: number;
  AUTH_SIGNING_KEY_DAYS: number;
  /** Left out for that of the present keys. */
  AUTH_SIGNING_ALGORITHM?: SigningAlgorithm;
}): KeyPolicy {
  const days = settings.AUTH_SIGNING_KEY_DAYS;
  return {
    leadSeconds: settings.AUTH_KEY_SET_MAX_AGE_SECONDS + spreadSeconds,
    activeSeconds: days === 0 ? undefined : days * daySeconds,
    retentionSeconds: Math.max(accessTokenLifetimeSeconds, idTokenLifetimeSeconds) + clockToleranceSeconds,
    algorithm: settings.AUTH_SIGNING_ALGORITHM,
  };
}

/**
 * For a process that does not know what the servers are set to: it sees to it that there is an active and a next key, and
 * leaves exchange and removal, whose times are the servers', to them.
 */
export const policyOfCommands: KeyPolicy = {
  leadSeconds: Number.POSITIVE_INFINITY,
  activeSeconds: undefined,
  retentionSeconds: Number.POSITIVE_INFINITY,
  algorithm: undefined,
};

/**
 * The step that is due, if any. There is always a next key besides the active one: it has been published for long when
 * the active one is exchanged, by schedule, by command or in an emergency, so nobody meets a key that they have not seen.
 */
export function dueStep(keys: KeyAge[], policy: KeyPolicy): KeyStep | undefined {
  const active = keys.find(({ state }) => state === 'active');
  const next = keys.find(({ state }) => state === 'next');
  const algorithm = policy.algorithm ?? active?.algorithm ?? signingAlgorithms[0];
  if (!active) {
    return next
      ? { kind: 'promote', id: next.id, reason: 'no_active_key' }
      : { kind: 'create', state: 'active', algorithm };
  }
  if (!next) return { kind: 'create', state: 'next', algorithm };
  const isKnown = next.ageSeconds >= policy.leadSeconds;
  // Only one that has been there for a while, so that replicas do not take turns while their settings are being changed.
  if (next.algorithm !== algorithm && isKnown) return { kind: 'remove', id: next.id };
  const reason = reasonToPromote(active, algorithm, policy);
  if (reason && isKnown) return { kind: 'promote', id: next.id, reason };
  const expired = keys.find((key) => (key.retiredSeconds ?? 0) >= policy.retentionSeconds);
  return expired && { kind: 'remove', id: expired.id };
}

function reasonToPromote(active: KeyAge, algorithm: SigningAlgorithm, policy: KeyPolicy) {
  if (active.rotationRequested) return 'requested';
  if (policy.activeSeconds !== undefined && (active.activeSeconds ?? 0) >= policy.activeSeconds) return 'scheduled';
  return active.algorithm === algorithm ? undefined : 'other_algorithm';
}
