const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** An access token cannot be called back everywhere at once, so it lives five minutes. */
export const accessTokenLifetimeSeconds = 5 * minute;

/** RFC 6749 §4.1.2: at most ten minutes; a redirect takes seconds. */
export const authorizationCodeLifetimeSeconds = minute;

/** How long a person may take from the first page to the last (MCP: state of a consent lives ten minutes). */
export const interactionLifetimeSeconds = 10 * minute;

/** A browser session that is not used ends. */
export const sessionIdleSeconds = 8 * hour;

/** A browser session ends this long after its login, however much it is used. */
export const sessionAbsoluteSeconds = day;

/** A refresh token that is not used ends. */
export const refreshTokenIdleSeconds = 30 * day;

/** A grant ends, and no refresh makes it longer. */
export const grantLifetimeSeconds = 90 * day;

export const idTokenLifetimeSeconds = hour;
