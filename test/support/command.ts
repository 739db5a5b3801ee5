import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardApp } from '@gatehouse/start';

const root = path.resolve(import.meta.dirname, '../..');
const outputTimeoutMs = 60_000;

/** A command of the workspace that runs in a process group of its own, as a terminal would run it. */
export class Command {
  readonly #child: ChildProcess;
  #output = '';
  /** Resolves with the exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;

  constructor(command: string[], environment: NodeJS.ProcessEnv) {
    const [program = '', ...parameters] = command;
    this.#child = spawn(program, parameters, {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inheritedEnvironment(), ...environment },
    });
    // A test run that is interrupted takes it along.
    guardApp(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything that was printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Ctrl-C: the terminal sends SIGINT to the whole group. */
  interrupt(): void {
    this.signalGroup('SIGINT');
  }

  signalGroup(signal: NodeJS.Signals): void {
    if (!this.hasEnded) process.kill(-this.#child.pid!, signal);
  }

  /** Waits until the output matches; fails with the output when the command ends before. */
  async waitForOutput(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = performance.now() + outputTimeoutMs;
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match) return match;
      const { hasEnded } = this;
      if (hasEnded || performance.now() > deadline) {
        throw new Error(`${String(pattern)} did not appear${hasEnded ? ' before the end' : ''} in:\n${this.#output}`);
      }
      await sleep(20);
    }
  }
}

/** The environment of this process without the test runner's own variables, which would change what it starts. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  return { PATH, HOME, TMPDIR, LANG, CHROMIUM_PATH: process.env.CHROMIUM_PATH };
}
