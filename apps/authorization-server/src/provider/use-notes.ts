const keptForMs = 60_000;
const mostKept = 10_000;

/**
 * What this process has noted in the last minute, so that it need not be written with every token. Should the transaction
 * that wrote it fail, the next minute tells.
 */
export class UseNotes {
  readonly #notedAtMs = new Map<string, number>();

  /** True when it was not noted in the last minute; it counts as noted from then on. */
  isDue(use: string): boolean {
    const now = performance.now();
    if (now - (this.#notedAtMs.get(use) ?? Number.NEGATIVE_INFINITY) < keptForMs) return false;
    if (this.#notedAtMs.size >= mostKept) this.#notedAtMs.clear();
    this.#notedAtMs.set(use, now);
    return true;
  }
}
