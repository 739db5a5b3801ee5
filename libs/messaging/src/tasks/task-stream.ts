import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { DiscardPolicy, JetStreamApiCodes, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { nanos } from '@nats-io/nats-core';
import type { NatsSubject, SubjectToken } from '../subjects.ts';
import { anyToken } from '../subjects.ts';
import type { TaskKey } from './task.ts';

/** The one durable thing in NATS: every task, as one entry that is replaced at each change. */
export const taskStream = 'gh_tasks';

/** The longest life of a task; what is older than that is dropped whatever its own life was. */
export const maxTaskTtlMs = 24 * 60 * 60 * 1000;

/** How long an entry stays after its task has expired, for clocks that disagree. */
const expiryGraceMs = 60_000;

/** The NATS subject of a task's entry; only gateways publish. */
export function taskSubject(key: TaskKey): NatsSubject {
  return `gh.task.${key.tenant}.${key.principal}.${key.taskId}` as NatsSubject;
}

/** Every task's entry. */
export const anyTaskSubject = taskSubject({ tenant: anyToken, principal: anyToken, taskId: anyToken });

/** Reads the key back from an entry's subject; undefined when it has another shape. */
export function parseTaskSubject(natsSubject: string): TaskKey | undefined {
  const [gh, task, tenant, principal, taskId, ...rest] = natsSubject.split('.') as SubjectToken[];
  if (gh !== 'gh' || task !== 'task' || !tenant || !principal || !taskId || rest.length > 0) return undefined;
  return { tenant, principal, taskId };
}

/** How long NATS keeps an entry, in the unit of its `Nats-TTL` header. */
export function entryTtl(expiresAtMs: number, nowMs: number): string {
  return `${Math.max(1, Math.ceil((expiresAtMs + expiryGraceMs - nowMs) / 1_000))}s`;
}

/** Creates the stream unless it exists; two gateways may do so at once. */
export async function ensureTaskStream(jetstream: JetStreamManager, connection: NatsConnection): Promise<void> {
  try {
    await jetstream.streams.info(taskStream);
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)) throw error;
    // The same configuration twice is no error.
    await jetstream.streams.add({ ...taskStreamConfig, num_replicas: connection.info?.cluster ? 3 : 1 });
  }
}

const taskStreamConfig: Partial<StreamConfig> & { name: string } = {
  name: taskStream,
  subjects: [anyTaskSubject],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // A full stream refuses tasks; it never forgets one that a client holds a handle of.
  discard: DiscardPolicy.New,
  max_msgs_per_subject: 1,
  max_bytes: 512 * 1024 * 1024,
  max_age: nanos(maxTaskTtlMs + expiryGraceMs),
  allow_msg_ttl: true,
  // Reads go to the leader: `tasks/get` right after the handle must find the task.
  allow_direct: false,
  allow_rollup_hdrs: false,
};
