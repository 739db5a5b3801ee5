import { accessTokenLifetimeSeconds, idTokenLifetimeSeconds } from '../provider/lifetimes.ts';

/** A signing key as its life cycle sees it. Ages are seconds by the database's clock. */
export interface KeyAge {
  id: string;
  state: 'next' | 'active' | 'retired';
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
}

/** What brings the keys forward by one state. */
export type KeyStep =
  | { kind: 'create'; state: 'active' | 'next' }
  /** The next key signs from now on, and the active one, if any, is retired. */
  | { kind: 'promote'; id: string; reason: 'requested' | 'scheduled' | 'no_active_key' }
  | { kind: 'remove'; id: string };

/** A replica reads the keys every second, with a statement of 2 s at most; a gateway's fetch takes 3 s at most. */
const spreadSeconds = 10;
/** How far the clock of whoever verifies a token may be behind. */
const clockToleranceSeconds = 60;
const daySeconds = 24 * 60 * 60;

/** The policy of a server whose key set may be cached for `maxAgeSeconds`. */
export function keyPolicy(settings: {
  AUTH_KEY_SET_MAX_AGE_SECONDS: number;
  AUTH_SIGNING_KEY_DAYS: number;
}): KeyPolicy {
  const days = settings.AUTH_SIGNING_KEY_DAYS;
  return {
    leadSeconds: settings.AUTH_KEY_SET_MAX_AGE_SECONDS + spreadSeconds,
    activeSeconds: days === 0 ? undefined : days * daySeconds,
    retentionSeconds: Math.max(accessTokenLifetimeSeconds, idTokenLifetimeSeconds) + clockToleranceSeconds,
  };
}

/**
 * The step that is due, if any. There is always a next key besides the active one: it has been published for long when
 * the active one is exchanged, by schedule, by command or in an emergency, so nobody meets a key that they have not seen.
 */
export function dueStep(keys: KeyAge[], policy: KeyPolicy): KeyStep | undefined {
  const active = keys.find(({ state }) => state === 'active');
  const next = keys.find(({ state }) => state === 'next');
  if (!active) {
    return next ? { kind: 'promote', id: next.id, reason: 'no_active_key' } : { kind: 'create', state: 'active' };
  }
  if (!next) return { kind: 'create', state: 'next' };
  const isOld = policy.activeSeconds !== undefined && (active.activeSeconds ?? 0) >= policy.activeSeconds;
  if ((isOld || active.rotationRequested) && next.ageSeconds >= policy.leadSeconds) {
    return { kind: 'promote', id: next.id, reason: active.rotationRequested ? 'requested' : 'scheduled' };
  }
  const expired = keys.find((key) => (key.retiredSeconds ?? 0) >= policy.retentionSeconds);
  return expired && { kind: 'remove', id: expired.id };
}
