import { isObject } from '@gatehouse/protocol';
import type { Msg, MsgHdrs } from '@nats-io/nats-core';
import { headers } from '@nats-io/nats-core';
import type { TaskReport } from './task-transitions.ts';

/**
 * What owners and keepers say to each other. A report is a message with its content as the body; what it came to is JSON
 * on a subject of its own, never on one that the owner names.
 */
const reportHeader = 'Gatehouse-Task-Report';

/** A report with the grant that proves which task it is about. */
export interface GrantedReport extends TaskReport {
  taskId: string;
  grant: string;
}

/** Why a task was not created: a full stream, too many tasks of this caller, a grant that was used, or is too old. */
export type TaskRefusal = 'full' | 'limit' | 'taken' | 'expired';

/**
 * What a keeper tells an owner: the report of this step is `stored`; the task has `ended` without it (or its time is
 * over); it is `refused`. And what a gateway tells it when a client has spoken: `changed`. The first and the last say
 * what the owner has not confirmed yet.
 */
export type TaskNews =
  | ({ taskId: string; kind: 'stored'; step: number; createdAtMs: number; ttlMs: number } & ClientWords)
  | ({ taskId: string; kind: 'changed' } & ClientWords)
  | { taskId: string; kind: 'ended' }
  | { taskId: string; kind: 'refused'; reason: TaskRefusal };

/** What clients said and the owner has not confirmed. */
export interface ClientWords {
  cancelRequested?: true;
  inputResponses?: Record<string, unknown>;
}

export function encodeReport(report: GrantedReport): MsgHdrs {
  const reportHeaders = headers();
  reportHeaders.set(reportHeader, JSON.stringify(report));
  return reportHeaders;
}

const statuses = new Set(['working', 'input_required', 'completed', 'failed', 'cancelled']);

/** Reads a report's header; undefined when it is not what an owner writes. */
export function parseReport(message: Msg): GrantedReport | undefined {
  const report = parseObject(message.headers?.get(reportHeader) ?? '');
  if (!report) return undefined;
  const { taskId, grant, step, status, statusMessage, cancelSeen } = report;
  if (typeof taskId !== 'string' || typeof grant !== 'string') return undefined;
  if (!Number.isSafeInteger(step) || (step as number) < 1 || !statuses.has(status as string)) return undefined;
  return {
    taskId,
    grant,
    step: step as number,
    status: status as GrantedReport['status'],
    ...(typeof statusMessage === 'string' ? { statusMessage } : {}),
    ...(cancelSeen === true ? { cancelSeen } : {}),
  };
}

export function encodeNews(news: TaskNews): string {
  return JSON.stringify(news);
}

/** Reads what a keeper says; only gateways may say it, so its shape is known. */
export function parseNews(message: Msg): TaskNews | undefined {
  const news = parseObject(message.string());
  return news && typeof news.taskId === 'string' ? (news as unknown as TaskNews) : undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
