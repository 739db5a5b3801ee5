import { isObject } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import { logStepUpDropped, logStepUpFailed } from './events.ts';
import { anyToken, subjects, subjectToken } from './subjects.ts';
import { subscribe } from './subscribe.ts';

/** A client was challenged for scopes, and cannot be expected to ask for them by itself. */
export interface StepUpRequest {
  tenant: string;
  /** The grant of its token (`gid`). */
  grantId: string;
  oauthClientId: string;
  /** All scopes that it was challenged for. */
  scopes: string[];
}

const maxBytes = 64 * 1024;
/** All authorization servers of an installation together: one of them takes each request. */
const queue = 'authorization-server';

/**
 * Tells an authorization server of a challenge. When this resolves the server has stored what it makes of it.
 * @throws Error when no authorization server listens, or none answers in time
 */
export async function requestStepUp(
  connection: NatsConnection,
  request: StepUpRequest,
  timeoutMs: number,
): Promise<void> {
  const natsSubject = subjects.stepUp({ tenant: subjectToken(request.tenant) });
  await connection.request(natsSubject, JSON.stringify(request), { timeout: timeoutMs });
}

/** Takes what gateways report; each report is answered when `take` is through. What is malformed is dropped and logged. */
export function receiveStepUpRequests(
  connection: NatsConnection,
  logger: Logger,
  take: (request: StepUpRequest) => Promise<unknown>,
): Subscription {
  const receive = (message: Msg) => {
    const request = parse(message);
    if (!request) return logStepUpDropped(logger, { natsSubject: message.subject });
    take(request).then(
      () => message.respond(),
      (error: unknown) => logStepUpFailed(logger, error),
    );
  };
  return subscribe(connection, subjects.stepUp({ tenant: anyToken }), logger, receive, { queue });
}

/** Undefined when the message breaks the rules: it speaks for the tenant of its subject alone. */
function parse({ subject: natsSubject, data }: Msg): StepUpRequest | undefined {
  if (data.length > maxBytes) return undefined;
  const { tenant, grantId, oauthClientId, scopes } = parseObject(data);
  if (typeof tenant !== 'string' || subjects.stepUp({ tenant: subjectToken(tenant) }) !== natsSubject) return undefined;
  if (typeof grantId !== 'string' || typeof oauthClientId !== 'string') return undefined;
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) return undefined;
  return { tenant, grantId, oauthClientId, scopes };
}

function parseObject(data: Uint8Array): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(Buffer.from(data).toString());
    return isObject(content) ? content : {};
  } catch {
    return {};
  }
}
