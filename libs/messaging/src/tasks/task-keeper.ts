import type { Logger } from '@gatehouse/runtime';
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import type { InstanceAddress } from '../subjects.ts';
import { addressOfTaskReport, anyToken, subjects, subjectToken } from '../subjects.ts';
import { subscribe } from '../subscribe.ts';
import { logTaskReportDropped, logTaskReportNotStored } from './events.ts';
import type { StoredTask, TaskStore } from './task-store.ts';
import type { Task, TaskKey, TaskState } from './task.ts';
import { isUndelivered, readInputContent } from './task.ts';
import type { TaskGrant, TaskGrants } from './task-grants.ts';
import { applyReport, createTask } from './task-transitions.ts';
import type { Reported } from './task-transitions.ts';
import type { ClientWords, GrantedReport, TaskNews } from './task-wire.ts';
import { encodeNews, parseReport } from './task-wire.ts';

const maxAttempts = 8;

/** What a keeper needs. */
export interface TaskKeeping {
  connection: NatsConnection;
  store: TaskStore;
  grants: TaskGrants;
  /** False when this caller has as many living tasks as it may. */
  admits: (key: TaskKey) => boolean;
  logger: Logger;
}

/**
 * Stores what the owners of tasks report. Every gateway does, one of them takes each report. A worker has no way of its
 * own into the stream, since NATS sends the acknowledgement of a write to any subject that the writer names (decision
 * "Gateways write tasks for workers"). Without an answer the owner reports again, maybe to another keeper.
 */
export function keepTasks(keeping: TaskKeeping): Subscription {
  const { connection, logger } = keeping;
  const anyReport = subjects.taskReport({ tenant: anyToken, server: anyToken, instance: anyToken });
  return subscribe(connection, anyReport, logger, (message) => void take(keeping, message), { queue: 'keepers' });
}

async function take(keeping: TaskKeeping, message: Msg): Promise<void> {
  const { connection, logger, grants } = keeping;
  const from = addressOfTaskReport(message.subject);
  const report = parseReport(message);
  if (!from || !report) return logTaskReportDropped(logger, { natsSubject: message.subject, reason: 'malformed' });
  const grant = grants.open(from, report.grant);
  // Maybe another keeper has the key already: while keys are replaced, silence sends the owner on to it.
  if (!grant || grant.taskId !== report.taskId)
    return logTaskReportDropped(logger, { natsSubject: message.subject, reason: 'no grant that opens here' });
  try {
    const news = await record(keeping, { from, grant, reported: { report, content: message.data } });
    if (news) tellOwner(connection, from, news);
  } catch (error) {
    logTaskReportNotStored(logger, { err: error, natsSubject: message.subject });
  }
}

/** The instance that runs a task. */
export function ownerOf({ tenant }: TaskKey, { server, instance }: TaskState): InstanceAddress {
  return { tenant, server: subjectToken(server), instance };
}

/** Says something to the owner of a task; lost words are said again as long as they are not confirmed. */
export function tellOwner(connection: NatsConnection, owner: InstanceAddress, news: TaskNews): void {
  if (!connection.isClosed()) connection.publish(subjects.taskNews(owner), encodeNews(news));
}

/** What clients said and the owner has not confirmed. */
export function unconfirmedWords(task: Task): ClientWords {
  if (!isUndelivered(task.state)) return {};
  const { inputResponses } = readInputContent(task);
  return {
    ...(task.state.cancelUnseen ? { cancelRequested: true } : {}),
    ...(task.state.answersUntaken ? { inputResponses } : {}),
  };
}

interface Received {
  from: InstanceAddress;
  grant: TaskGrant;
  reported: Reported & { report: GrantedReport };
}

/** What to answer; undefined when the owner shall come again. */
async function record(keeping: TaskKeeping, received: Received): Promise<TaskNews | undefined> {
  const { store } = keeping;
  const { from, grant, reported } = received;
  const key: TaskKey = { tenant: from.tenant, principal: grant.principal, taskId: grant.taskId };
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const stored = await store.read(key);
    const decided = stored ? decideReport(stored, received) : decideCreation(keeping, key, received);
    if ('news' in decided) return decided.news;
    const outcome = await store.append(key, decided.task, stored?.revision ?? 0);
    if (outcome.kind === 'stored') return storedNews(decided.task, grant.taskId, reported.report.step);
    if (outcome.kind === 'full') return stored ? undefined : refused(grant, 'full');
  }
  return undefined;
}

type Decided = { news: TaskNews } | { task: Task };

function decideCreation({ admits }: TaskKeeping, key: TaskKey, { from, grant, reported }: Received): Decided {
  const now = Date.now();
  // What is not there and should be has expired: from then on nobody knows it, nor brings it back.
  if (reported.report.step > 1) return { news: { taskId: grant.taskId, kind: 'ended' } };
  if (grant.grantedAtMs + grant.ttlMs <= now) return { news: refused(grant, 'expired') };
  if (!admits(key)) return { news: refused(grant, 'limit') };
  return { task: createTask(grant, from.instance, reported, now) };
}

function decideReport(stored: StoredTask, { from, grant, reported }: Received): Decided {
  const outcome = applyReport(stored, from.instance, reported, Date.now());
  switch (outcome.kind) {
    case 'changed':
      return { task: outcome.task };
    case 'known':
      return { news: storedNews(stored, grant.taskId, reported.report.step) };
    case 'foreign':
      return { news: reported.report.step === 1 ? refused(grant, 'taken') : { taskId: grant.taskId, kind: 'ended' } };
    default:
      return { news: { taskId: grant.taskId, kind: 'ended' } };
  }
}

function storedNews(task: Task, taskId: string, step: number): TaskNews {
  const { createdAtMs, ttlMs } = task.state;
  return { taskId, kind: 'stored', step, createdAtMs, ttlMs, ...unconfirmedWords(task) };
}

function refused(grant: TaskGrant, reason: 'full' | 'limit' | 'taken' | 'expired'): TaskNews {
  return { taskId: grant.taskId, kind: 'refused', reason };
}
