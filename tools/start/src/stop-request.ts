import { readFileSync } from 'node:fs';

const parentPollMs = 500;

/** Why the stack stops: somebody asked, or it cannot go on. */
type StopReason = { kind: 'asked' } | { kind: 'failed'; error: Error };

/** Resolves once, with the first reason to stop. Later signals change nothing: the stop in order is bounded anyway. */
export class StopRequest {
  readonly #controller = new AbortController();
  readonly reason: Promise<StopReason>;
  #resolve: (reason: StopReason) => void = () => {};

  constructor() {
    this.reason = new Promise((resolve) => (this.#resolve = resolve));
    // npm passes Ctrl-C on to a process that the terminal has told already: the same request twice.
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => this.#stop({ kind: 'asked' }));
    if (process.env.npm_lifecycle_event !== undefined) this.#stopWithParent();
  }

  /** Aborted as soon as there is a reason to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The stack cannot go on. */
  fail(error: Error): void {
    this.#stop({ kind: 'failed', error });
  }

  #stop(reason: StopReason): void {
    this.#resolve(reason);
    this.#controller.abort();
  }

  /** npm that was killed cannot pass a signal on; those below it learn of it by a new parent. */
  #stopWithParent(): void {
    const ancestors = findAncestors();
    const timer = setInterval(() => {
      if (findAncestors() === ancestors) return;
      clearInterval(timer);
      this.#stop({ kind: 'asked' });
    }, parentPollMs);
    timer.unref();
  }
}

/** This process's parent and, where that is the shell in which npm runs a script, the shell's parent: npm. */
function findAncestors(): string {
  const { ppid } = process;
  try {
    const [, command = '', grandparent] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${ppid}/stat`, 'utf8')) ?? [];
    return /^(?:da|ba)?sh$/.test(command) ? `${ppid} ${grandparent}` : `${ppid}`;
  } catch {
    return `${ppid}`;
  }
}
