import { ContextMisuseError } from '../errors.ts';
import { toJsonValue } from './json-value.ts';
import type { KeptState } from './request-state.ts';

/** What a step must know of the run that it belongs to. */
export interface StepOwner {
  /** True once the run can end in no other way than by asking the client. */
  readonly ending: boolean;
  /** Ends the run. */
  stop(): Promise<never>;
  /** Hears of a step that cannot be kept, which the handler must not hide. */
  misused(error: ContextMisuseError): void;
}

/** The steps of one run: those that earlier rounds finished, and those that it runs itself. */
export class Steps {
  readonly #owner: StepOwner;
  readonly #finished: Record<string, [] | [unknown]>;
  readonly #used = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(owner: StepOwner, finished: KeptState['steps'] = {}) {
    this.#owner = owner;
    this.#finished = Object.assign(Object.create(null) as KeptState['steps'], finished);
  }

  /** Results of all steps that are done, by name. */
  get finished(): KeptState['steps'] {
    return this.#finished;
  }

  /** Steps of this run that are not done yet. */
  get running(): ReadonlySet<Promise<unknown>> {
    return this.#running;
  }

  /**
   * The result of a step, which runs unless an earlier round has finished it.
   * @throws ContextMisuseError for a name that is used twice, or a result that JSON cannot hold
   */
  async run(name: string, work: () => unknown): Promise<unknown> {
    this.#claim(name);
    const finished = this.#finished[name];
    if (finished) return structuredClone(finished[0]);
    // Its result would be lost with this run, and the next one would run it a second time.
    if (this.#owner.ending) return this.#owner.stop();
    const running = this.#run(name, work);
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      this.#used.delete(name);
      throw error;
    } finally {
      this.#running.delete(running);
    }
  }

  async #run(name: string, work: () => unknown): Promise<unknown> {
    const result = await work();
    const kept: [] | [unknown] = result === undefined ? [] : [this.#toKeep(name, result)];
    this.#finished[name] = kept;
    // A copy: what the handler does with its result must not change what the next run gets.
    return structuredClone(kept[0]);
  }

  #toKeep(name: string, result: unknown): unknown {
    try {
      return toJsonValue(result, `The step "${name}"`);
    } catch (error) {
      if (error instanceof ContextMisuseError) this.#owner.misused(error);
      throw error;
    }
  }

  #claim(name: string): void {
    if (!this.#used.has(name)) {
      this.#used.add(name);
      return;
    }
    const error = new ContextMisuseError(`The step "${name}" runs twice in one call: give each step its own name.`);
    this.#owner.misused(error);
    throw error;
  }
}
