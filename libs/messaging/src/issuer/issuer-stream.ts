import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { DiscardPolicy, JetStreamApiCodes, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { RevocationKind, TokenRevocation } from '@gatehouse/protocol';
import { isObject, revocationKinds } from '@gatehouse/protocol';
import type { NatsSubject, SubjectToken } from '../subjects.ts';
import { anyToken, subjectToken } from '../subjects.ts';

/** What authorization servers tell gateways: keys and revocations, each issuer under a token of its own. */
export const issuerStream = 'gh_issuer';

/** The subjects of one issuer; only authorization servers publish. */
export const issuerSubjects = {
  any: (issuer: SubjectToken) => `gh.issuer.${issuer}.>` as NatsSubject,
  /** The public keys, as in the key set document. */
  keySet: (issuer: SubjectToken) => `gh.issuer.${issuer}.keys` as NatsSubject,
  /** Says that every live revocation is in the stream. */
  epoch: (issuer: SubjectToken) => `gh.issuer.${issuer}.epoch` as NatsSubject,
  revoked: (issuer: SubjectToken, of: { tenant: SubjectToken; kind: RevocationKind | '*'; digest: SubjectToken }) =>
    `gh.issuer.${issuer}.revoked.${of.tenant}.${of.kind}.${of.digest}` as NatsSubject,
};

/** Everything that an authorization server publishes, whoever it is the issuer of. */
export const publishedByIssuers: NatsSubject[] = [
  issuerSubjects.keySet(anyToken),
  issuerSubjects.epoch(anyToken),
  issuerSubjects.revoked(anyToken, { tenant: anyToken, kind: '*', digest: anyToken }),
];

/**
 * The subject of a revocation. It follows from what is revoked, so telling it again replaces the entry by its like; two
 * that differ in the time of the tokens that they hit stand side by side, for nothing says which is told last.
 */
export function revocationSubject(issuer: SubjectToken, revocation: TokenRevocation): NatsSubject {
  const { tenant, kind, id, issuedBefore } = revocation;
  const digest = subjectToken(issuedBefore === undefined ? id : JSON.stringify([id, issuedBefore]));
  return issuerSubjects.revoked(issuer, { tenant: subjectToken(tenant), kind, digest });
}

/** Reads a revocation back; undefined when it is not what an authorization server writes under this subject. */
export function parseRevocation(
  issuer: SubjectToken,
  natsSubject: string,
  content: Uint8Array,
): TokenRevocation | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(content).toString());
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { tenant, kind, id, expiresAt, issuedBefore } = value;
  const valid =
    typeof tenant === 'string' &&
    typeof id === 'string' &&
    isKind(kind) &&
    typeof expiresAt === 'number' &&
    (issuedBefore === undefined || typeof issuedBefore === 'number');
  if (!valid) return undefined;
  const revocation: TokenRevocation = { tenant, kind, id, expiresAt };
  if (issuedBefore !== undefined) revocation.issuedBefore = issuedBefore;
  return revocationSubject(issuer, revocation) === natsSubject ? revocation : undefined;
}

function isKind(value: unknown): value is RevocationKind {
  return revocationKinds.some((kind) => kind === value);
}

/** Creates the stream unless it exists; several authorization servers may do so at once. */
export async function ensureIssuerStream(jetstream: JetStreamManager, connection: NatsConnection): Promise<void> {
  try {
    await jetstream.streams.info(issuerStream);
  } catch (error) {
    if (!isNoStream(error)) throw error;
    // The same configuration twice is no error.
    await jetstream.streams.add({ ...issuerStreamConfig, num_replicas: connection.info?.cluster ? 3 : 1 });
  }
}

/** True when NATS answered that there is no such stream. */
export function isNoStream(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

const issuerStreamConfig: Partial<StreamConfig> & { name: string } = {
  name: issuerStream,
  subjects: publishedByIssuers,
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // A full stream refuses, and the outbox keeps what it refused; it never forgets a revocation that still hits a token.
  discard: DiscardPolicy.New,
  max_msgs_per_subject: 1,
  max_msg_size: 64 * 1024,
  max_bytes: 128 * 1024 * 1024,
  // Revocations go with the tokens that they hit; keys and epoch stay.
  allow_msg_ttl: true,
  allow_direct: false,
  allow_rollup_hdrs: false,
};
