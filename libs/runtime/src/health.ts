/** Returns undefined when all is well, or a short sentence that says what is missing. */
export type ReadinessCheck = () => string | undefined | Promise<string | undefined>;

/** What the probes of one process answer from. */
export class Health {
  readonly #checks = new Map<string, ReadinessCheck>();
  #started = false;
  #draining = false;

  /** Adds a check to readiness; `name` is shown to the operator. */
  addReadinessCheck(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check);
  }

  get started(): boolean {
    return this.#started;
  }

  markStarted(): void {
    this.#started = true;
  }

  /** From here on readiness fails, so that load balancers send nothing new. */
  markDraining(): void {
    this.#draining = true;
  }

  /** The names of what is not ready, with the reason; empty when ready. */
  async findUnready(): Promise<Record<string, string>> {
    if (!this.#started) return { process: 'starting' };
    if (this.#draining) return { process: 'draining' };
    const unready: Record<string, string> = {};
    for (const [name, check] of this.#checks) {
      const reason = await within(checkTimeoutMs, check);
      if (reason !== undefined) unready[name] = reason;
    }
    return unready;
  }
}

const checkTimeoutMs = 2_000;

/** A probe is answered although what it asks is silent. */
async function within(timeoutMs: number, check: ReadinessCheck): Promise<string | undefined> {
  const { promise: silence, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(`does not answer within ${timeoutMs} ms`), timeoutMs);
  try {
    return await Promise.race([check(), silence]);
  } finally {
    clearTimeout(timer);
  }
}
