import { setImmediate } from 'node:timers';
import {
  canonicalJson,
  ErrorCode,
  findMissingCapabilities,
  JsonRpcError,
  missingClientCapability,
} from '@gatehouse/protocol';
import { ContextMisuseError } from '../errors.ts';
import type { Asker } from './asking.ts';
import { InputRequired } from './input-required.ts';
import { joinCapabilities } from './input-requests.ts';
import type { InputRequest, InputRequests } from './input-requests.ts';
import type { PreparedQuestion } from './question.ts';
import type { KeptState } from './request-state.ts';
import { Steps } from './steps.ts';
import type { StepOwner } from './steps.ts';

/** What a request brings to a run, and what its client can answer. */
interface RoundInput {
  /** What earlier rounds left, verified; undefined in a first round. */
  kept: KeptState | undefined;
  /** `inputResponses` of this request, unverified. */
  responses: Readonly<Record<string, unknown>>;
  clientCapabilities: Readonly<Record<string, unknown>>;
}

/** How a run of the handler ended. */
export type RunOutcome<Result> = { result: Result } | { error: unknown };

/**
 * One run of a handler whose questions go out as an `input_required` result (MCP 2026-07-28 Multi Round-Trip Requests):
 * takes the answers that are there, collects the questions that have none, and keeps what the next run needs.
 */
export class Round implements Asker, StepOwner {
  readonly steps: Steps;
  readonly #input: RoundInput;
  readonly #answers: Record<string, unknown>;
  readonly #asked = new Map<string, InputRequest>();
  readonly #pending: InputRequests = Object.create(null) as InputRequests;
  readonly #reading = new Set<Promise<unknown>>();
  #ending = false;
  #misuse: ContextMisuseError | undefined;

  constructor(input: RoundInput) {
    this.#input = input;
    this.#answers = Object.assign(Object.create(null) as Record<string, unknown>, input.kept?.answers);
    this.steps = new Steps(this, input.kept?.steps);
  }

  get ending(): boolean {
    return this.#ending;
  }

  /** What this run leaves to the next one. */
  get kept(): KeptState {
    const own = this.#input.kept?.own;
    return { answers: this.#answers, steps: this.steps.finished, ...(own !== undefined && { own }) };
  }

  /** The client's answers as they came. */
  get responses(): Readonly<Record<string, unknown>> {
    return this.#input.responses;
  }

  misused(error: ContextMisuseError): void {
    this.#misuse ??= error;
  }

  /** @throws InputRequired when one has no answer; JsonRpcError -32021 when the client cannot answer it */
  async ask(questions: ReadonlyMap<string, PreparedQuestion>): Promise<ReadonlyMap<string, unknown>> {
    for (const [key, { request }] of questions) this.#claim(key, request);
    const answers = await this.#tracked(this.#askAll(questions));
    return answers.size === questions.size ? answers : this.stop();
  }

  /** One turn of the event loop later, so that questions of parallel branches join the same round. */
  async stop(): Promise<never> {
    await new Promise((resolve) => setImmediate(resolve));
    throw new InputRequired();
  }

  /**
   * What the run came to: the handler's own result, or the questions that have no answer.
   * @param hidden hears the keys when the handler went on as if it had been answered
   * @throws ContextMisuseError, even if the handler caught it; else what the handler threw
   */
  async conclude<Result>(
    outcome: RunOutcome<Result>,
    hidden: (keys: string[]) => void,
  ): Promise<{ result: Result } | { inputRequests: InputRequests }> {
    await this.#quiet();
    if (this.#misuse) throw this.#misuse;
    const failed = 'error' in outcome;
    if (this.#ending && !(failed && isMissingCapability(outcome.error))) {
      if (!(failed && outcome.error instanceof InputRequired)) hidden(Object.keys(this.#pending));
      return { inputRequests: this.#pending };
    }
    if (failed) throw outcome.error;
    return outcome;
  }

  async #tracked<Value>(reading: Promise<Value>): Promise<Value> {
    this.#reading.add(reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(reading);
    }
  }

  async #askAll(questions: ReadonlyMap<string, PreparedQuestion>): Promise<Map<string, unknown>> {
    const answers = new Map<string, unknown>();
    const open = new Map<string, PreparedQuestion>();
    for (const [key, question] of questions) {
      const read = await this.#read(key, question);
      if (read) answers.set(key, read.answer);
      else open.set(key, question);
    }
    if (open.size === 0) return answers;
    const required = joinCapabilities([...open.values()].map(({ requires }) => requires));
    const missing = findMissingCapabilities(required, { ...this.#input.clientCapabilities });
    if (missing) throw missingClientCapability(missing);
    for (const [key, { request }] of open) this.#pending[key] = request;
    this.#ending = true;
    return answers;
  }

  /** An answer that was given once stays: what the handler did with it must not change under it. */
  async #read(key: string, question: PreparedQuestion): Promise<{ answer: unknown } | undefined> {
    for (const responses of [this.#answers, this.#input.responses]) {
      if (!Object.hasOwn(responses, key)) continue;
      // A copy: what the handler does with its answer must not change what the next run gets.
      const read = await question.read(structuredClone(responses[key]));
      if (!read) continue;
      this.#answers[key] = responses[key];
      return read;
    }
    delete this.#answers[key];
    return undefined;
  }

  /** MCP 2026-07-28 Multi Round-Trip Requests §Server Requirements 2: keys are unique within the request. */
  #claim(key: string, request: InputRequest): void {
    const known = this.#asked.get(key);
    this.#asked.set(key, known ?? request);
    if (!known || canonicalJson(known) === canonicalJson(request)) return;
    const error = new ContextMisuseError(`Two questions have the key "${key}": give each its own.`);
    this.misused(error);
    throw error;
  }

  /** Waits for answers that are being read and, if the client is asked, for steps whose results must not be lost. */
  async #quiet(): Promise<void> {
    for (;;) {
      const busy = [...this.#reading, ...(this.#ending ? this.steps.running : [])];
      if (busy.length === 0) return;
      await Promise.allSettled(busy);
    }
  }
}

function isMissingCapability(error: unknown): boolean {
  return error instanceof JsonRpcError && error.code === ErrorCode.missingRequiredClientCapability;
}
