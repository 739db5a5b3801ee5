const parentPollMs = 500;

/** Why the stack stops: somebody asked, or it cannot go on. */
export type StopReason = { kind: 'asked' } | { kind: 'failed'; error: Error };

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

  /** npm that was killed cannot pass a signal on; its child learns of it by its new parent. */
  #stopWithParent(): void {
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      this.#stop({ kind: 'asked' });
    }, parentPollMs);
    timer.unref();
  }
}
