import { describe, expect, it } from 'vitest';
import { subjectToken } from '../subjects.ts';
import type { Task } from './task.ts';
import { isUndelivered, readInputContent } from './task.ts';
import type { TaskReport } from './task-transitions.ts';
import { answerQuestions, applyReport, createTask, failTask, requestCancellation } from './task-transitions.ts';

const owner = subjectToken('i1');
const grant = {
  taskId: subjectToken('a'.repeat(32)),
  server: 'files',
  principal: subjectToken('p'),
  scopes: ['files:read'],
  traceId: 't',
  ttlMs: 1_000,
  grantedAtMs: 0,
};
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const reported = (step: number, status: TaskReport['status'], content?: unknown, more: Partial<TaskReport> = {}) => ({
  report: { step, status, ...more },
  content: content === undefined ? new Uint8Array() : json(content),
});
const created = () => createTask(grant, owner, reported(1, 'working', undefined, { statusMessage: 'begun' }), 10);

function apply(task: Task, ...next: Parameters<typeof reported>): Task {
  const outcome = applyReport(task, owner, reported(...next), 100);
  if (outcome.kind !== 'changed') throw new Error(outcome.kind);
  return outcome.task;
}

const question = { method: 'elicitation/create', params: {} };

describe('a task', () => {
  it('begins as its grant says, not as its owner does', () => {
    expect(created().state).toEqual({
      server: 'files',
      scopes: ['files:read'],
      traceId: 't',
      ttlMs: 1_000,
      instance: 'i1',
      status: 'working',
      statusMessage: 'begun',
      createdAtMs: 10,
      updatedAtMs: 10,
      step: 1,
    });
  });

  it('changes nothing by a report that comes twice', () => {
    expect(applyReport(created(), owner, reported(1, 'failed', {}), 20)).toEqual({ kind: 'known' });
  });

  it('is nobody else’s to report', () => {
    expect(applyReport(created(), subjectToken('i2'), reported(2, 'completed', {}), 20)).toEqual({ kind: 'foreign' });
  });

  it.each([
    ['a step too early', reported(3, 'working')],
    ['a step long before', reported(9, 'completed', {})],
  ])('refuses %s', (_, report) => {
    expect(applyReport(created(), owner, report, 20)).toEqual({ kind: 'early' });
  });

  it.each(['completed', 'failed', 'cancelled'] as const)('has one ending: after %s nothing changes it', (status) => {
    const ended = apply(created(), 2, status, {});
    expect(applyReport(ended, owner, reported(3, 'completed', { other: true }), 30)).toEqual({ kind: 'ended' });
    expect(requestCancellation(ended, 30)).toBeUndefined();
    expect(answerQuestions(ended, { name: {} }, 30)).toBeUndefined();
    expect(failTask(ended, { code: -1, message: 'x' }, 30)).toBeUndefined();
  });

  it.each([
    ['no JSON', Buffer.from('{"a":1}, "status": "completed"')],
    ['an array', json([])],
    ['nothing', new Uint8Array()],
  ])('fails when its result is %s: clients would read it as part of an answer', (_, content) => {
    const outcome = applyReport(created(), owner, { report: { step: 2, status: 'completed' }, content }, 20);
    expect(outcome).toMatchObject({ task: { state: { status: 'failed' } } });
  });

  it('drops its content when it is cancelled', () => {
    expect(apply(created(), 2, 'cancelled', { secret: 1 }).content).toHaveLength(0);
  });

  it('cuts a status message at 1,024 characters', () => {
    const task = apply(created(), 2, 'working', undefined, { statusMessage: 'x'.repeat(5_000) });
    expect(task.state.statusMessage).toHaveLength(1_024);
  });
});

describe('questions of a task', () => {
  const asking = () => apply(created(), 2, 'working', { name: question, age: question });

  it('make it input_required, until each has an answer', () => {
    const first = answerQuestions(asking(), { name: 'Ada' }, 30) as Task;
    expect(first.state).toMatchObject({ status: 'input_required', updatedAtMs: 30 });
    expect(readInputContent(first)).toEqual({ inputRequests: { age: question }, inputResponses: { name: 'Ada' } });
    const second = answerQuestions(first, { age: 36 }, 40) as Task;
    expect(second.state.status).toBe('working');
    expect(isUndelivered(second.state)).toBe(true);
  });

  it.each([
    ['never asked', { other: 1 }],
    ['inherited', { toString: 1 }],
    ['none', {}],
  ])('ignore answers to keys that are %s', (_, responses) => {
    expect(answerQuestions(asking(), responses, 30)).toBeUndefined();
  });

  it('keep their first answer', () => {
    const answered = answerQuestions(asking(), { name: 'Ada' }, 30) as Task;
    expect(answerQuestions(answered, { name: 'Bob' }, 40)).toBeUndefined();
  });

  it('stay answered when the owner asks for more before it has heard', () => {
    const answered = answerQuestions(asking(), { name: 'Ada' }, 30) as Task;
    const more = apply(answered, 3, 'working', { name: question, age: question, city: question });
    expect(readInputContent(more)).toEqual({
      inputRequests: { age: question, city: question },
      inputResponses: { name: 'Ada' },
    });
    const taken = apply(more, 4, 'working', { age: question, city: question });
    expect(readInputContent(taken).inputResponses).toEqual({});
    expect(taken.state).toMatchObject({ status: 'input_required', updatedAtMs: more.state.updatedAtMs });
    expect(isUndelivered(taken.state)).toBe(false);
  });
});

describe('cancelling a task', () => {
  it('is a request that its owner confirms', () => {
    const asked = requestCancellation(created(), 30) as Task;
    expect(asked.state).toMatchObject({ status: 'working', cancelRequested: true });
    expect(isUndelivered(asked.state)).toBe(true);
    expect(requestCancellation(asked, 40)).toBeUndefined();
    const unaware = apply(asked, 2, 'working');
    expect(isUndelivered(unaware.state)).toBe(true);
    expect(isUndelivered(apply(unaware, 3, 'working', undefined, { cancelSeen: true }).state)).toBe(false);
  });

  it('does not undo a result', () => {
    const asked = requestCancellation(created(), 30) as Task;
    expect(apply(asked, 2, 'completed', { content: [] }).state.status).toBe('completed');
  });
});
