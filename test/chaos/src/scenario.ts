import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from './call-record.ts';
import type { Deployment, DeploymentOptions } from './deployment.ts';
import type { EventLoopLag } from './event-loop-lag.ts';
import { Load } from './load.ts';
import type { LoadOptions } from './load.ts';
import type { SeededRandom } from './random.ts';
import { callTool } from './tool-call.ts';

/** One way for things to fail, and what must hold nevertheless. */
export interface Scenario {
  name: string;
  /** The requirement, as a test's name. */
  requirement: string;
  /** True when its quick form is short enough for every test run. */
  smoke: boolean;
  /** Set when it needs a deployment of its own. */
  deployment?: DeploymentOptions;
  run(stage: Stage): Promise<void>;
}

/** What a scenario works with: the deployment, its calls, and where it says what it found. */
export class Stage {
  readonly deployment: Deployment;
  readonly random: SeededRandom;
  /** False for the quick form. */
  readonly full: boolean;
  readonly lag: EventLoopLag;
  readonly calls: CallRecord[] = [];
  /** What does not hold; empty when all is well. */
  readonly findings: string[] = [];
  /** What was measured, for the reader of the table. */
  readonly notes: string[] = [];
  readonly #name: string;
  #count = 0;

  constructor(name: string, options: Pick<Stage, 'deployment' | 'random' | 'full' | 'lag'>) {
    this.#name = name;
    this.deployment = options.deployment;
    this.random = options.random;
    this.full = options.full;
    this.lag = options.lag;
  }

  /** A key that no other call of any scenario has. */
  nextKey(): string {
    return `${this.#name}-${this.#count++}`;
  }

  /** True for keys of this scenario. */
  owns(key: string): boolean {
    return key.startsWith(`${this.#name}-`);
  }

  /** Calls a tool with a key of its own; the call is recorded. */
  async call(gateway: number, tool: string, toolArguments: Record<string, unknown> = {}): Promise<CallRecord> {
    const record = await callTool(this.deployment.caller(gateway), tool, { key: this.nextKey(), ...toolArguments });
    this.calls.push(record);
    return record;
  }

  /** Calls on and on, from many callers at once, until the load is stopped. */
  startLoad(options: LoadOptions): Load {
    return new Load(options, (gateway, tool, toolArguments) => this.call(gateway, tool, toolArguments));
  }

  /** Notes a finding unless the condition holds. */
  require(condition: boolean, finding: string): void {
    if (!condition) this.findings.push(finding);
  }

  /**
   * Notes a finding when something took longer than it may. What this process was late by is not held against the product.
   */
  requireWithin(tookMs: number, limitMs: number, what: string): void {
    if (tookMs <= limitMs + this.lag.maxMs) return;
    this.findings.push(
      `${what} took ${Math.round(tookMs)} ms, not ${limitMs} (this process was late by up to ${Math.round(this.lag.maxMs)} ms)`,
    );
  }

  note(text: string): void {
    this.notes.push(text);
  }

  /** Waits until a condition holds; resolves with the milliseconds that it took, or with `timeoutMs`. */
  async waitUntil(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<number> {
    const since = performance.now();
    while (performance.now() - since < timeoutMs) {
      if (await condition()) return performance.now() - since;
      await delay(10);
    }
    return timeoutMs;
  }
}
