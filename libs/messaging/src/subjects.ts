import { createHash, randomBytes } from 'node:crypto';
import type { CatalogKey } from './catalog-bucket.ts';

declare const brand: unique symbol;

/** One token of a NATS subject: `[a-z0-9_-]{1,63}`. Only `subjectToken` makes one. */
export type SubjectToken = string & { readonly [brand]: 'SubjectToken' };

/** A NATS subject or pattern, made of tokens by `subjects`. */
export type NatsSubject = string & { readonly [brand]: 'NatsSubject' };

const plainToken = /^[a-z0-9-][a-z0-9_-]{0,62}$/;
const cacheLimit = 10_000;
const cache = new Map<string, SubjectToken>();

/**
 * Turns any text into one token of a subject, injectively: a plain name stays as it is, anything else (upper case, dots,
 * wildcards, white space, the empty text, names over 63 characters, names that begin with `_`) becomes `_` and 160 bits
 * of SHA-256 over its UTF-16 code units, so that two texts share a token only if SHA-256 collides.
 */
export function subjectToken(text: string): SubjectToken {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const token = (plainToken.test(text) ? text : `_${hashToken(text)}`) as SubjectToken;
  // Tenants are user input: a flood of them may empty the cache, not the memory.
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(text, token);
  return token;
}

let entropy = Buffer.alloc(0);
let entropyOffset = 0;

/** A token that nobody can guess (16 bytes) or that nobody else has (8 bytes), in hexadecimal digits. */
export function randomToken(bytes: 8 | 16): SubjectToken {
  if (entropyOffset + bytes > entropy.length) {
    // One call for many tokens: asking the operating system costs more than a token is worth.
    entropy = randomBytes(8_192);
    entropyOffset = 0;
  }
  const token = entropy.toString('hex', entropyOffset, entropyOffset + bytes) as SubjectToken;
  entropyOffset += bytes;
  return token;
}

function hashToken(text: string): string {
  // UTF-16 and not UTF-8, which writes every lone surrogate as the same replacement character.
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex').slice(0, 40);
}

/** One instance of one server of one tenant, as subjects name it. */
export interface InstanceAddress {
  tenant: SubjectToken;
  server: SubjectToken;
  instance: SubjectToken;
}

/** Matches any one token; the only wildcard that subjects are built with. */
export const anyToken = '*' as SubjectToken;

/** The one place where subjects are built. */
export const subjects = {
  /** Calls to one instance; only gateways publish. */
  call: (to: InstanceAddress) => `gh.call.${to.tenant}.${to.server}.${to.instance}` as NatsSubject,
  /** Cancellations and probes of one instance; only gateways publish. */
  control: (to: InstanceAddress) => `gh.control.${to.tenant}.${to.server}.${to.instance}` as NatsSubject,
  /** Beats of one instance; only its worker publishes. */
  beat: (from: InstanceAddress) => `gh.beat.${from.tenant}.${from.server}.${from.instance}` as NatsSubject,
  /** Frames that answer one call; the token is random for every call. */
  reply: (from: Omit<InstanceAddress, 'instance'>, gateway: SubjectToken, callToken: SubjectToken) =>
    `gh.reply.${from.tenant}.${from.server}.${gateway}.${callToken}` as NatsSubject,
  /** A worker's announcement of definitions. */
  announce: (key: CatalogKey) => `gh.announce.${key.tenant}.${key.server}.${key.digest}` as NatsSubject,
  /** What a keeper of the catalog answers to it. */
  announced: (key: CatalogKey) => `gh.announced.${key.tenant}.${key.server}.${key.digest}` as NatsSubject,
  /** Resources of one server that changed; only its worker publishes. */
  changed: (from: Omit<InstanceAddress, 'instance'>) => `gh.changed.${from.tenant}.${from.server}` as NatsSubject,
  /** What an instance reports of its tasks; only its worker publishes. */
  taskReport: (from: InstanceAddress) => `gh.task-report.${from.tenant}.${from.server}.${from.instance}` as NatsSubject,
  /** What an instance must know of its tasks; only gateways publish. */
  taskNews: (to: InstanceAddress) => `gh.task-news.${to.tenant}.${to.server}.${to.instance}` as NatsSubject,
  /** The entry of a request state that has been used; only gateways publish. */
  usedState: (key: { tenant: SubjectToken; digest: SubjectToken }) =>
    `gh.used.${key.tenant}.${key.digest}` as NatsSubject,
  /** Challenges of clients that have to be led to new scopes; only gateways publish. */
  stepUp: (of: { tenant: SubjectToken }) => `gh.step-up.${of.tenant}` as NatsSubject,
  /** What a process says to itself to know that the bus carries messages. */
  bus: (process: SubjectToken) => `gh.bus.${process}` as NatsSubject,
};

/** Reads the instance's address back from a subject of `subjects.beat`; undefined when it has another shape. */
export function addressOfBeat(natsSubject: string): InstanceAddress | undefined {
  const [tenant, server, instance] = tokensOf(natsSubject, 'gh.beat.');
  return tenant && server && instance ? { tenant, server, instance } : undefined;
}

/** Reads the instance's address back from a subject of `subjects.taskReport`; undefined when it has another shape. */
export function addressOfTaskReport(natsSubject: string): InstanceAddress | undefined {
  const [tenant, server, instance] = tokensOf(natsSubject, 'gh.task-report.');
  return tenant && server && instance ? { tenant, server, instance } : undefined;
}

/** Reads the key back from a subject of `subjects.announce`; undefined when it has another shape. */
export function keyOfAnnouncement(natsSubject: string): CatalogKey | undefined {
  const [tenant, server, digest] = tokensOf(natsSubject, 'gh.announce.');
  return tenant && server && digest ? { tenant, server, digest } : undefined;
}

/** Reads the server back from a subject of `subjects.changed`; undefined when it has another shape. */
export function serverOfChange(natsSubject: string): Omit<InstanceAddress, 'instance'> | undefined {
  const [tenant, server] = tokensOf(natsSubject, 'gh.changed.', 2);
  return tenant && server ? { tenant, server } : undefined;
}

/** The tokens that follow the prefix; none when the subject has another shape. */
function tokensOf(natsSubject: string, prefix: string, count = 3): SubjectToken[] {
  const tokens = natsSubject.startsWith(prefix) ? natsSubject.slice(prefix.length).split('.') : [];
  return tokens.length === count ? (tokens as SubjectToken[]) : [];
}
