import type { OwnTask } from '@gatehouse/messaging';
import { findMissingCapabilities, missingClientCapability } from '@gatehouse/protocol';
import type { Asker } from '../questions/asking.ts';
import { joinCapabilities } from '../questions/input-requests.ts';
import type { PreparedQuestion } from '../questions/question.ts';

/**
 * Asks the follower of a task: the task is `input_required` until the answers are there, and the handler waits
 * (MCP Tasks extension §Task Update Requests).
 */
export class TaskAsker implements Pick<Asker, 'ask'> {
  readonly #task: OwnTask;
  readonly #clientCapabilities: Readonly<Record<string, unknown>>;
  readonly #used = new Set<string>();

  constructor(task: OwnTask, clientCapabilities: Readonly<Record<string, unknown>>) {
    this.#task = task;
    this.#clientCapabilities = clientCapabilities;
  }

  /**
   * The checked answer to each question. What does not fit its question is asked again.
   * @throws JsonRpcError -32021 when the client cannot answer it; the signal's reason when the task is stopped
   */
  async ask(questions: ReadonlyMap<string, PreparedQuestion>): Promise<ReadonlyMap<string, unknown>> {
    const required = joinCapabilities([...questions.values()].map(({ requires }) => requires));
    const missing = findMissingCapabilities(required, { ...this.#clientCapabilities });
    if (missing) throw missingClientCapability(missing);
    const answers = [...questions].map(async ([key, question]) => [key, await this.#askOne(key, question)] as const);
    return new Map(await Promise.all(answers));
  }

  async #askOne(key: string, { request, read }: PreparedQuestion): Promise<unknown> {
    for (;;) {
      const answer = await read(await this.#task.ask(this.#unused(key), request));
      if (answer) return answer.answer;
    }
  }

  /** "Each request key MUST be unique over the lifetime of a single task": the author's key, then numbered. */
  #unused(key: string): string {
    let wireKey = key;
    for (let use = 2; this.#used.has(wireKey); use++) wireKey = `${key}#${use}`;
    this.#used.add(wireKey);
    return wireKey;
  }
}
