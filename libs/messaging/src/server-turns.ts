/** What concerns one server is done one after the other; of what comes faster than that, only so much is kept waiting. */
export class ServerTurns {
  readonly #maxWaiting: number;
  readonly #servers = new Map<string, { waiting: number; last: Promise<void> }>();

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /** Does `work` when it is its turn; not at all when too much waits before it. It must not reject. */
  take(server: string, work: () => Promise<void>): void {
    const turns = this.#servers.get(server) ?? { waiting: 0, last: Promise.resolve() };
    if (turns.waiting >= this.#maxWaiting) return;
    this.#servers.set(server, turns);
    turns.waiting++;
    turns.last = turns.last.then(work).then(() => {
      turns.waiting--;
      if (turns.waiting === 0) this.#servers.delete(server);
    });
  }
}
