import { setTimeout as delay } from 'node:timers/promises';
import type { ServerDefinitions } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { StartError } from '@gatehouse/runtime';
import type { NatsConnection } from '@nats-io/nats-core';
import { logWaitingForCatalog } from './events.ts';
import type { SubjectToken } from './subjects.ts';
import { subjects, subjectToken } from './subjects.ts';
import { subscribe } from './subscribe.ts';

const retryIntervalMs = 1_000;

/** What a keeper of the catalog answers to an announcement. */
export type AnnouncementAnswer = { stored: true } | { refused: string };

/**
 * Announces a server's definitions until a keeper of the catalog has stored them. Workers write nothing themselves: a
 * right to JetStream is a right to have its answers sent to any subject (decision "Workers have no JetStream").
 * @throws StartError when a keeper refuses them, or NATS denies this identity the server.
 */
export async function announceDefinitions(
  connection: NatsConnection,
  offer: { tenant: string; digest: string; definitions: ServerDefinitions; replaces?: string },
  logger: Logger,
): Promise<void> {
  const { tenant, definitions, replaces } = offer;
  const { server } = definitions;
  const key = {
    tenant: subjectToken(tenant),
    server: subjectToken(server),
    digest: offer.digest as SubjectToken,
  };
  const answered = Promise.withResolvers<true>();
  answered.promise.catch(() => {}); // awaited below, in turns
  const subscription = subscribe(
    connection,
    subjects.announced(key),
    logger,
    (message) => {
      const answer = message.json<AnnouncementAnswer>();
      if ('stored' in answer) answered.resolve(true);
      else
        answered.reject(new StartError(`The catalog refuses the definitions of server ${server}: ${answer.refused}.`));
    },
    { onDenied: (cause) => answered.reject(deniedServer({ tenant, server }, cause)) },
  );
  const announcement = JSON.stringify({ tenant, definitions, replaces });
  try {
    for (let attempt = 0; !connection.isClosed(); attempt++) {
      if (attempt === 5) logWaitingForCatalog(logger, { server });
      connection.publish(subjects.announce(key), announcement);
      if (await Promise.race([answered.promise, delay(retryIntervalMs, false)])) return;
    }
  } finally {
    if (!connection.isClosed()) subscription.unsubscribe();
  }
}

/** One sentence for the operator whose worker offers a server that its NATS identity does not cover. */
export function deniedServer({ tenant, server }: { tenant: string; server: string }, cause: Error): StartError {
  return new StartError(
    `NATS denies this worker the server ${server} of tenant ${tenant}: check NATS_USER and its permissions.`,
    { cause },
  );
}
