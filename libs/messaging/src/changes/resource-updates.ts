import type { Logger } from '@gatehouse/runtime';
import type { NatsConnection, Subscription } from '@nats-io/nats-core';
import { logUpdatesDropped } from '../events.ts';
import { anyToken, serverOfChange, subjects, subjectToken } from '../subjects.ts';
import { subscribe } from '../subscribe.ts';

/** Longer URIs are nobody's: the gateway refuses to subscribe to them. */
export const maxUriLength = 8_192;
const maxUris = 1_000;
const maxBytes = 1024 * 1024 - 16 * 1024;
const dropLogIntervalMs = 60_000;

/** Resources of one server that changed: these, or any that it has (after its connection was lost, say). */
export interface ResourceUpdates {
  tenant: string;
  server: string;
  uris: readonly string[] | 'any';
}

/** Tells every gateway that resources of an own server changed. Nobody answers; what is lost is told again by `any`. */
export function publishResourceUpdates(connection: NatsConnection, { tenant, server, uris }: ResourceUpdates): void {
  if (connection.isClosed()) return;
  const natsSubject = subjects.changed({ tenant: subjectToken(tenant), server: subjectToken(server) });
  for (const part of uris === 'any' ? (['any'] as const) : partsOf(uris)) {
    connection.publish(natsSubject, JSON.stringify({ tenant, server, uris: part }));
  }
}

/** Hears what all workers publish; what is malformed, or disagrees with its subject, is dropped and logged. */
export function watchResourceUpdates(
  connection: NatsConnection,
  logger: Logger,
  receive: (updates: ResourceUpdates) => void,
): Subscription {
  let dropped = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;
  return subscribe(connection, subjects.changed({ tenant: anyToken, server: anyToken }), logger, (message) => {
    const updates = parseResourceUpdates(message.subject, message.data);
    if (updates) return receive(updates);
    dropped++;
    if (performance.now() - loggedAt < dropLogIntervalMs) return;
    logUpdatesDropped(logger, { natsSubject: message.subject, dropped });
    loggedAt = performance.now();
    dropped = 0;
  });
}

/** Undefined when the message breaks the rules: a worker speaks for the tenant and server of its subject alone. */
function parseResourceUpdates(natsSubject: string, data: Uint8Array): ResourceUpdates | undefined {
  const from = serverOfChange(natsSubject);
  if (!from || data.length > maxBytes) return undefined;
  const content = parseObject(data);
  const { tenant, server, uris } = content ?? {};
  if (typeof tenant !== 'string' || subjectToken(tenant) !== from.tenant) return undefined;
  if (typeof server !== 'string' || subjectToken(server) !== from.server) return undefined;
  return uris === 'any' || isUriList(uris) ? { tenant, server, uris } : undefined;
}

function isUriList(uris: unknown): uris is string[] {
  return (
    Array.isArray(uris) &&
    uris.length <= maxUris &&
    uris.every((uri) => typeof uri === 'string' && uri.length <= maxUriLength)
  );
}

function parseObject(data: Uint8Array): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(data).toString());
    return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** As many URIs as one message may carry, whatever characters they are made of. */
function partsOf(uris: readonly string[]): string[][] {
  const parts: string[][] = [];
  let room = 0;
  for (const uri of uris) {
    if (uri.length > maxUriLength) continue;
    // Six bytes are the most that JSON makes of one UTF-16 unit.
    const bytes = 6 * uri.length + 3;
    let part = parts.at(-1);
    if (!part || part.length === maxUris || bytes > room) {
      part = [];
      parts.push(part);
      room = maxBytes - 1_024;
    }
    part.push(uri);
    room -= bytes;
  }
  return parts;
}
