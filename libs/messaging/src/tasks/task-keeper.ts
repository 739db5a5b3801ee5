import { ErrorCode } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import type { InstanceAddress } from '../subjects.ts';
import { addressOfTaskReport, anyToken, subjects, subjectToken } from '../subjects.ts';
import { subscribe } from '../subscribe.ts';
import { logTaskEnded, logTaskReportDropped, logTaskReportNotStored } from './events.ts';
import { maxTaskContentBytes } from './task-store.ts';
import type { StoredTask, TaskStore } from './task-store.ts';
import type { Task, TaskKey, TaskState } from './task.ts';
import { hasEnded, isUndelivered, readInputContent } from './task.ts';
import type { TaskGrant, TaskGrants } from './task-grants.ts';
import { applyReport, createTask, failTask } from './task-transitions.ts';
import type { Reported } from './task-transitions.ts';
import type { ClientWords, GrantedReport, TaskNews } from './task-wire.ts';
import { encodeNews, parseReport } from './task-wire.ts';

const maxAttempts = 8;

/** A task can always say this much, such as how it failed. */
const smallContentBytes = 4 * 1024;

/** What a keeper needs. */
interface TaskKeeping {
  connection: NatsConnection;
  store: TaskStore;
  grants: TaskGrants;
  /** False when this caller has as many tasks as it may. */
  admits: (key: TaskKey) => boolean;
  /** False when the stream keeps as much for this caller as it may. */
  hasRoom: (key: TaskKey, contentBytes: number) => boolean;
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
  const { from, grant } = received;
  const key: TaskKey = { tenant: from.tenant, principal: grant.principal, taskId: grant.taskId };
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const stored = await store.read(key);
    const decided = stored ? decideReport(stored, received) : decideCreation(keeping, key, received);
    if ('news' in decided) return decided.news;
    const task = withinLimits(keeping, key, decided.task);
    const outcome = await store.append(key, task, stored?.revision ?? 0);
    if (outcome.kind === 'stored') {
      if (hasEnded(task.state.status)) logTaskEnded(keeping.logger, task);
      return newsOf(task, received);
    }
    if (outcome.kind === 'full') return stored ? undefined : refused(grant, 'full');
  }
  return undefined;
}

/** What is too large to be read back, or more than is kept for its caller, fails the task. */
function withinLimits({ connection, hasRoom }: TaskKeeping, key: TaskKey, task: Task): Task {
  const { length } = task.content;
  const fits = length <= maxTaskContentBytes(connection) && (length <= smallContentBytes || hasRoom(key, length));
  if (fits) return task;
  const { traceId } = task.state;
  const error = {
    code: ErrorCode.payloadTooLarge,
    message: 'The result of the task is too large, or its account has too many results',
    data: { executed: 'yes', retryable: false, traceId },
  };
  const living: Task = { ...task, state: { ...task.state, status: 'working' } };
  return failTask(living, error, Date.now()) ?? task;
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

/** The owner of a task that was ended for its size has nothing more to report. */
function newsOf(task: Task, { grant, reported: { report } }: Received): TaskNews {
  const endedOtherwise = hasEnded(task.state.status) && !hasEnded(report.status);
  if (endedOtherwise) return { taskId: grant.taskId, kind: 'ended' };
  return storedNews(task, grant.taskId, report.step);
}

function storedNews(task: Task, taskId: string, step: number): TaskNews {
  const { createdAtMs, ttlMs } = task.state;
  return { taskId, kind: 'stored', step, createdAtMs, ttlMs, ...unconfirmedWords(task) };
}

function refused(grant: TaskGrant, reason: 'full' | 'limit' | 'taken' | 'expired'): TaskNews {
  return { taskId: grant.taskId, kind: 'refused', reason };
}
