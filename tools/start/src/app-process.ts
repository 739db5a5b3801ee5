import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '@gatehouse/runtime';
import { root } from './build.ts';
import { endProcess } from './end-process.ts';
import { guardApp } from './guard.ts';
import { readLines, say } from './output.ts';
import type { ProcessRecord } from './process-record.ts';

/** One app of the stack. */
interface AppDescription {
  /** Folder below `apps`, and its name in the output. */
  name: string;
  environment: NodeJS.ProcessEnv;
  /** Base URL of its probes. */
  probes: string;
  /** How long it may drain when it is asked to stop, before it is killed. */
  stopGraceMs: number;
  /** Takes each line of the app's output; what it returns is written to the app's stdin. */
  show: (line: string) => string | undefined;
}

const readyTimeoutMs = 60_000;
const readyPollMs = 50;
const firstRestartDelayMs = 500;
const longestRestartDelayMs = 30_000;
/** An app that lived this long has recovered from whatever ended it the last time. */
const stableMs = 30_000;

/**
 * An app that runs and, once it was ready, is started again should it end by itself: a process has no state worth
 * keeping, so the cure for its end is the next one. Before that its end is the failure of the whole start.
 */
export class AppProcess {
  readonly #app: AppDescription;
  readonly #record: ProcessRecord;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  #child: ChildProcess;
  /** What the app itself says of its failed start. */
  #refusal: string | undefined;
  #wasReady = false;
  #restartAsked = false;

  constructor(app: AppDescription, record: ProcessRecord) {
    this.#app = app;
    this.#record = record;
    this.#child = this.#spawn();
    this.#running = this.#keepRunning();
  }

  /**
   * Resolves when the app is ready for the first time.
   * @throws StartError when it ends before, or is not ready after a minute.
   */
  async waitUntilReady(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + readyTimeoutMs;
    let reasons = 'it does not answer';
    while (performance.now() < deadline) {
      signal.throwIfAborted();
      if (hasEnded(this.#child)) throw await this.#failedStart();
      const unready = await askReadiness(this.#app.probes);
      if (unready === undefined) {
        this.#wasReady = true;
        return;
      }
      reasons = unready;
      await sleep(readyPollMs);
    }
    throw new StartError(`${this.#app.name} is not ready after ${readyTimeoutMs / 1000} s: ${reasons}.`);
  }

  async #failedStart(): Promise<StartError> {
    // The last lines may come after the exit.
    if (this.#child.stderr?.closed === false) await once(this.#child.stderr, 'close');
    return new StartError(this.#refusal ?? `${this.#app.name} ended while it started, see above.`);
  }

  /** Ends the app; the next one starts at once. */
  async restart(): Promise<void> {
    this.#restartAsked = true;
    await this.#end();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#end();
    await this.#running;
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (!hasEnded(child) && child.pid !== undefined) await endProcess(child.pid, 'SIGTERM', this.#app.stopGraceMs);
  }

  async #keepRunning(): Promise<void> {
    let delayMs = firstRestartDelayMs;
    for (;;) {
      const startedAt = performance.now();
      const [code, signal] = (await once(this.#child, 'exit')) as [number | null, string | null];
      if (this.#stopped.signal.aborted || !this.#wasReady) return;
      if (!this.#restartAsked) {
        if (performance.now() - startedAt > stableMs) delayMs = firstRestartDelayMs;
        const cause = signal ?? `exit code ${code}`;
        say(`${this.#app.name} ended by itself (${cause}); it starts again in ${delayMs / 1000} s`);
        await sleep(delayMs, undefined, { signal: this.#stopped.signal }).catch(() => {});
        delayMs = Math.min(delayMs * 2, longestRestartDelayMs);
        if (this.#stopped.signal.aborted) return;
      }
      this.#restartAsked = false;
      this.#child = this.#spawn();
    }
  }

  #spawn(): ChildProcess {
    const { name, environment, show } = this.#app;
    const child = spawn(process.execPath, [path.join(root, 'dist/apps', name, 'main.js')], {
      cwd: root,
      // Out of the terminal's process group: Ctrl-C stops the stack in order, not all of it at once.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment,
    });
    // It may end before it reads an answer.
    child.stdin.on('error', () => {});
    const take = (line: string) => {
      const answer = show(line);
      if (answer !== undefined) child.stdin.write(`${answer}\n`);
    };
    readLines(child.stdout, take);
    readLines(child.stderr, (line) => {
      // The whole start fails with it, in this one sentence.
      if (!this.#wasReady && line.startsWith(`${name} cannot start: `)) this.#refusal = line;
      else take(line);
    });
    guardApp(child);
    const { pid } = child;
    if (pid !== undefined) {
      this.#record.add(name, pid);
      child.once('exit', () => this.#record.remove(pid));
    }
    return child;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Undefined when the app is ready, otherwise what it says is missing. */
async function askReadiness(probes: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${probes}/readyz`, { signal: AbortSignal.timeout(2_000) });
    if (response.ok) return undefined;
    const { reasons } = (await response.json()) as { reasons?: Record<string, string> };
    return Object.entries(reasons ?? {})
      .map(([name, reason]) => `${name}: ${reason}`)
      .join(', ');
  } catch {
    return 'it does not answer';
  }
}
