import { ErrorCode } from '@gatehouse/protocol';
import type { SubjectToken } from '../subjects.ts';
import type { InputContent, Task, TaskState, TaskStatus } from './task.ts';
import { hasEnded, isEmpty, readInputContent, writeInputContent } from './task.ts';
import type { TaskGrant } from './task-grants.ts';

/**
 * Every way in which a task changes, as functions of what was stored before. Who calls them stores the outcome on the
 * condition that nothing was stored in between, so that all writers agree on one order and one ending.
 */

/** What the owner reports: a step of its task. The first one creates it. */
export interface TaskReport {
  step: number;
  status: TaskStatus;
  statusMessage?: string;
  /** The owner knows of the cancellation. */
  cancelSeen?: true;
}

/** MCP Tasks extension §Task: "This MAY be exposed to the end-user or model", so it is short. */
const maxStatusMessageLength = 1_024;

/** The task as its first report creates it. */
export function createTask(grant: TaskGrant, owner: SubjectToken, { report, content }: Reported, nowMs: number): Task {
  const { server, scopes, traceId, ttlMs } = grant;
  const fixed = { server, scopes, traceId, ttlMs, instance: owner };
  const state: TaskState = { ...fixed, status: 'working', createdAtMs: nowMs, updatedAtMs: nowMs, step: 0 };
  return advance({ state, content: new Uint8Array() }, { report, content }, nowMs);
}

/** A report with the content beside it. */
export interface Reported {
  report: TaskReport;
  /** `completed`: the result; `failed`: the error; otherwise the owner's open questions by key, or nothing. */
  content: Uint8Array;
}

/** What a report comes to: a change, or the reason why there is none. */
type ReportOutcome = { kind: 'changed'; task: Task } | { kind: 'known' | 'ended' | 'foreign' | 'early' };

/** Applies a report of the owner. Another instance has no say, and after its end nobody has. */
export function applyReport(task: Task, owner: SubjectToken, reported: Reported, nowMs: number): ReportOutcome {
  const { state } = task;
  if (state.instance !== owner) return { kind: 'foreign' };
  if (reported.report.step <= state.step) return { kind: 'known' };
  if (hasEnded(state.status)) return { kind: 'ended' };
  if (reported.report.step > state.step + 1) return { kind: 'early' };
  return { kind: 'changed', task: advance(task, reported, nowMs) };
}

function advance(task: Task, { report, content }: Reported, nowMs: number): Task {
  const { cancelUnseen, answersUntaken: _taken, statusMessage: _replaced, ...kept } = task.state;
  const { step, status, statusMessage, cancelSeen } = report;
  const state: TaskState = { ...kept, step, status, updatedAtMs: nowMs };
  if (statusMessage !== undefined) state.statusMessage = statusMessage.slice(0, maxStatusMessageLength);
  if (hasEnded(status)) return endedBy(state, content);
  if (cancelUnseen && !cancelSeen) state.cancelUnseen = true;
  const next = openQuestions(state, readQuestions(content), readInputContent(task).inputResponses);
  // What an owner merely confirms is no update that anybody sees.
  const { updatedAtMs } = task.state;
  return looksAlike(task, next) ? { ...next, state: { ...next.state, updatedAtMs } } : next;
}

function looksAlike(before: Task, after: Task): boolean {
  const { status, statusMessage } = after.state;
  if (before.state.status !== status || before.state.statusMessage !== statusMessage) return false;
  const [asked, asking] = [before, after].map((task) => Object.keys(readInputContent(task).inputRequests));
  return JSON.stringify(asked) === JSON.stringify(asking);
}

/** The owner's view of its open questions, minus those that were answered meanwhile; what it no longer asks it has taken. */
function openQuestions(state: TaskState, asked: Record<string, unknown>, answers: Record<string, unknown>): Task {
  const inputResponses = pick(answers, (key) => Object.hasOwn(asked, key));
  const inputRequests = pick(asked, (key) => !Object.hasOwn(inputResponses, key));
  return withInput(state, { inputRequests, inputResponses });
}

function withInput(state: TaskState, content: InputContent): Task {
  const status = isEmpty(content.inputRequests) ? 'working' : 'input_required';
  const untaken = isEmpty(content.inputResponses) ? {} : { answersUntaken: true as const };
  return { state: { ...state, status, ...untaken }, content: writeInputContent(content) };
}

/** Clients get these bytes as part of an answer: what is no JSON object must not become one. */
function endedBy(state: TaskState, content: Uint8Array): Task {
  if (state.status === 'cancelled') return { state, content: new Uint8Array() };
  if (isJsonObject(content)) return { state, content };
  const error = { code: ErrorCode.internalError, message: 'Internal error' };
  return { state: { ...state, status: 'failed' }, content: Buffer.from(JSON.stringify(error)) };
}

/**
 * Takes a client's answers: those to open questions; others are ignored (Tasks extension §Task Update Requests).
 * Undefined when there is none among them.
 */
export function answerQuestions(task: Task, responses: Record<string, unknown>, nowMs: number): Task | undefined {
  if (hasEnded(task.state.status)) return undefined;
  const { inputRequests, inputResponses } = readInputContent(task);
  const fitting = pick(responses, (key) => Object.hasOwn(inputRequests, key));
  if (isEmpty(fitting)) return undefined;
  return withInput(
    { ...task.state, updatedAtMs: nowMs },
    {
      inputRequests: pick(inputRequests, (key) => !Object.hasOwn(fitting, key)),
      inputResponses: { ...inputResponses, ...fitting },
    },
  );
}

/** Asks the owner to stop; undefined when it has been asked before or there is nothing left to stop. */
export function requestCancellation(task: Task, nowMs: number): Task | undefined {
  if (hasEnded(task.state.status) || task.state.cancelRequested) return undefined;
  return { ...task, state: { ...task.state, cancelRequested: true, cancelUnseen: true, updatedAtMs: nowMs } };
}

/** Ends a task whose owner is gone; undefined when it has ended by itself. */
export function failTask(task: Task, error: { code: number; message: string; data?: object }, nowMs: number) {
  if (hasEnded(task.state.status)) return undefined;
  const { cancelUnseen: _unseen, answersUntaken: _untaken, ...kept } = task.state;
  const state: TaskState = { ...kept, status: 'failed', statusMessage: error.message, updatedAtMs: nowMs };
  return { state, content: Buffer.from(JSON.stringify(error)) } satisfies Task;
}

function readQuestions(content: Uint8Array): Record<string, unknown> {
  return content.length === 0 ? {} : (parseJsonObject(content) ?? {});
}

function isJsonObject(bytes: Uint8Array): boolean {
  return parseJsonObject(bytes) !== undefined;
}

function parseJsonObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function pick(record: Record<string, unknown>, wanted: (key: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => wanted(key)));
}
