/**
 * Holds back what is to be published until the event loop has read every socket that had something to say. nats.js
 * writes after each microtask, which is one system call for each HTTP request; together they are one. A request that
 * comes alone waits for nothing.
 */
export class PublishBatch {
  #waiting: (() => void)[] = [];

  /** Runs `publish` with all others of this turn of the event loop. It must not throw. */
  add(publish: () => void): void {
    if (this.#waiting.push(publish) === 1) setImmediate(() => this.#publishAll());
  }

  #publishAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const publish of waiting) publish();
  }
}
