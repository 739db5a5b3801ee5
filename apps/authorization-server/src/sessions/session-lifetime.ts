import { sessionAbsoluteSeconds, sessionIdleSeconds } from '../provider/lifetimes.ts';

/**
 * How long a session lasts that is used now, in seconds: each use begins another idle time, the login counts for the
 * end.
 * @param loginTs when its account signed in, in seconds since 1970.
 */
export function sessionLifetime(loginTs: number | undefined, now = Date.now() / 1_000): number {
  const left = loginTs === undefined ? sessionAbsoluteSeconds : loginTs + sessionAbsoluteSeconds - now;
  return Math.max(1, Math.floor(Math.min(sessionIdleSeconds, left)));
}
