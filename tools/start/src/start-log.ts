/** What stands before the words of a log line of PostgreSQL or NATS. */
const linePrefix = /^.*? (?:\[[A-Z]{3}\]|[A-Z]+:) +/;

/**
 * The log of a service, held back until the service has started or failed: what the sentence of the failure says is not
 * shown a second time.
 */
export class StartLog {
  readonly #show: (line: string) => void;
  #held: string[] | undefined = [];
  #sentence = '';

  constructor(show: (line: string) => void) {
    this.#show = show;
  }

  take(line: string): void {
    if (this.#held) this.#held.push(line);
    else if (!this.#sentence.includes(wordsOf(line))) this.#show(line);
  }

  /** Runs the start of the service. */
  async during<Service>(start: () => Promise<Service>): Promise<Service> {
    try {
      return await start();
    } catch (error) {
      this.#sentence = (error as Error).message;
      throw error;
    } finally {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const line of held) this.take(line);
    }
  }
}

function wordsOf(line: string): string {
  return line.replace(linePrefix, '').replace(/\.$/, '');
}
