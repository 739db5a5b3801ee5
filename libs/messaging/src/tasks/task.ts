import { isObject } from '@gatehouse/protocol';
import type { SubjectToken } from '../subjects.ts';

/** How often a client should ask for a task's state (MCP Tasks extension §Task). */
export const taskPollIntervalMs = 1_000;

/** MCP Tasks extension §Task Status. */
export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** Names one task. The id alone is unguessable; tenant and principal say whose it is. */
export interface TaskKey {
  tenant: SubjectToken;
  /** Made by `principalToken`. */
  principal: SubjectToken;
  taskId: SubjectToken;
}

/** What is known of a task beside its content. */
export interface TaskState {
  server: string;
  /** The worker instance that runs it. */
  instance: SubjectToken;
  /** Scopes that its call needed, and that everybody needs who asks for it. */
  scopes: string[];
  traceId: string;
  status: TaskStatus;
  /** For people and models. */
  statusMessage?: string;
  createdAtMs: number;
  updatedAtMs: number;
  /** Life in all, from `createdAtMs`. */
  ttlMs: number;
  /** Number of the owner's last report; a report that comes twice changes nothing. */
  step: number;
  cancelRequested?: true;
  /** The owner has not yet said that it knows of the cancellation. */
  cancelUnseen?: true;
  /** The owner has not yet taken all answers. */
  answersUntaken?: true;
}

/** A task: its state, and content whose meaning depends on the status. */
export interface Task {
  state: TaskState;
  /** `completed`: the result; `failed`: the JSON-RPC error; otherwise an `InputContent` or nothing. All are JSON. */
  content: Uint8Array;
}

/** What a living task's content says. */
export interface InputContent {
  /** Questions without an answer, by key. */
  inputRequests: Record<string, unknown>;
  /** Answers that the owner has not taken yet, by key. */
  inputResponses: Record<string, unknown>;
}

/** True when nothing can happen to the task any more. */
export function hasEnded(status: TaskStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** True when the task's time is over: from then on nobody knows it. */
export function isExpired(state: TaskState, nowMs: number): boolean {
  return state.createdAtMs + state.ttlMs <= nowMs;
}

/** True when the owner has yet to hear something that a client said. */
export function isUndelivered(state: TaskState): boolean {
  return !hasEnded(state.status) && (state.cancelUnseen === true || state.answersUntaken === true);
}

const nothing: InputContent = { inputRequests: {}, inputResponses: {} };

/** Reads the content of a living task. */
export function readInputContent({ state, content }: Task): InputContent {
  if (hasEnded(state.status) || content.length === 0) return nothing;
  const { inputRequests, inputResponses } = JSON.parse(Buffer.from(content).toString()) as Record<string, unknown>;
  return {
    inputRequests: isObject(inputRequests) ? inputRequests : {},
    inputResponses: isObject(inputResponses) ? inputResponses : {},
  };
}

const noContent = new Uint8Array();

/** Writes the content of a living task. */
export function writeInputContent(content: InputContent): Uint8Array {
  const empty = isEmpty(content.inputRequests) && isEmpty(content.inputResponses);
  return empty ? noContent : Buffer.from(JSON.stringify(content));
}

export function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}
