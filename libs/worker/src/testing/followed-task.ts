import { randomUUID } from 'node:crypto';
import type { TaskCreation, TaskOffer } from '@gatehouse/messaging';
import { OwnTask } from '@gatehouse/messaging';
import { isObject } from '@gatehouse/protocol';
import type { InputRequests } from '../questions/input-requests.ts';
import { respond } from './play-rounds.ts';
import type { TestAnswers } from './play-rounds.ts';

/** What `tasks/get` would show of a task that has ended. */
export interface EndedTask {
  status: 'completed' | 'failed' | 'cancelled';
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

const ttlMs = 3_600_000;
const maxContentBytes = 6 * 1024 * 1024;

/** Plays the gateway and the client of one task: stores what the worker reports, and answers what it asks. */
export class FollowedTask {
  /** What was asked while the call was a task, in order. */
  readonly asked: InputRequests[] = [];
  /** How the task ended; never resolves when the call did not become one. */
  readonly ended: Promise<EndedTask>;
  readonly #answers: TestAnswers;
  readonly #task: OwnTask;
  readonly #known = new Set<string>();
  readonly #end: (ended: EndedTask) => void;

  constructor(answers: TestAnswers) {
    this.#answers = answers;
    const { promise, resolve } = Promise.withResolvers<EndedTask>();
    this.ended = promise;
    this.#end = resolve;
    const grant = { taskId: randomUUID(), ttlMs, traceId: 'test', sealed: 'test' };
    const send: ConstructorParameters<typeof OwnTask>[1]['send'] = (report, content) => {
      setImmediate(() => this.#store(report, content));
    };
    this.#task = new OwnTask(grant, { maxContentBytes, send });
  }

  get offer(): TaskOffer {
    const { taskId, traceId } = this.#task;
    const create = (statusMessage?: string): Promise<TaskCreation> => this.#task.create(statusMessage);
    return { taskId, traceId, create };
  }

  /** Does what `tasks/cancel` does. */
  cancel(): void {
    this.#task.hear({ taskId: this.#task.taskId, kind: 'changed', cancelRequested: true });
  }

  #store({ step, status }: { step: number; status: string }, content: Uint8Array): void {
    const { taskId } = this.#task;
    this.#task.hear({ taskId, kind: 'stored', step, createdAtMs: Date.now(), ttlMs });
    if (status === 'completed') this.#end({ status, result: parse(content) });
    else if (status === 'failed')
      this.#end({ status, error: parse(content) as unknown as NonNullable<EndedTask['error']> });
    else if (status === 'cancelled') this.#end({ status });
    else if (content.length > 0) this.#answer(parse(content) as unknown as InputRequests);
  }

  #answer(requests: InputRequests): void {
    const unknown = Object.entries(requests).filter(([key]) => !this.#known.has(key));
    if (unknown.length === 0) return;
    for (const [key] of unknown) this.#known.add(key);
    const asked = Object.fromEntries(unknown);
    this.asked.push(asked);
    const inputResponses = respond(this.#answers, asked);
    this.#task.hear({ taskId: this.#task.taskId, kind: 'changed', inputResponses });
  }
}

function parse(content: Uint8Array): Record<string, unknown> {
  const value: unknown = JSON.parse(Buffer.from(content).toString());
  return isObject(value) ? value : {};
}
