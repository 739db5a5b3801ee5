import type { Logger } from '@gatehouse/runtime';
import type { NatsConnection, Subscription } from '@nats-io/nats-core';
import type { ServerDefinitions } from '@gatehouse/protocol';
import type { CallStatistics } from './served-instance.ts';
import { subjectToken } from './subjects.ts';
import { subscribe } from './subscribe.ts';

/** What one instance shows to NATS's own tooling. */
interface ShownService {
  tenant: string;
  instance: string;
  definitions: ServerDefinitions;
  callSubject: string;
  startedAt: Date;
  statistics: CallStatistics;
}

/**
 * Answers `$SRV.PING|INFO|STATS` (NATS ADR-32), so that `nats service ls` shows the instance. The endpoint it names is
 * the instance's own subject; there is no queue group and so no undirected way into the worker.
 */
export function answerServiceProtocol(
  connection: NatsConnection,
  service: ShownService,
  logger: Logger,
): Subscription[] {
  const name = subjectToken(service.definitions.server);
  const answers: Record<string, () => object> = {
    PING: () => ({ type: 'io.nats.micro.v1.ping_response', ...identityOf(service) }),
    INFO: () => ({
      type: 'io.nats.micro.v1.info_response',
      ...identityOf(service),
      description: service.definitions.description ?? '',
      endpoints: [{ name: 'call', subject: service.callSubject, queue_group: '', metadata: {} }],
    }),
    STATS: () => ({
      type: 'io.nats.micro.v1.stats_response',
      ...identityOf(service),
      started: service.startedAt.toISOString(),
      endpoints: [statisticsOf(service)],
    }),
  };
  return ['$SRV.*', `$SRV.*.${name}`, `$SRV.*.${name}.${service.instance}`].map((natsSubject) =>
    subscribe(connection, natsSubject, logger, (message) => {
      const answer = answers[message.subject.split('.')[1] ?? ''];
      if (answer && message.reply) message.respond(JSON.stringify(answer()));
    }),
  );
}

function identityOf({ definitions, instance, tenant }: ShownService) {
  return { name: subjectToken(definitions.server), id: instance, version: definitions.version, metadata: { tenant } };
}

function statisticsOf({ statistics, callSubject }: ShownService) {
  const { calls, errors, processingMs } = statistics;
  return {
    name: 'call',
    subject: callSubject,
    queue_group: '',
    num_requests: calls,
    num_errors: errors,
    last_error: '',
    processing_time: Math.round(processingMs * 1e6),
    average_processing_time: calls === 0 ? 0 : Math.round((processingMs * 1e6) / calls),
  };
}
