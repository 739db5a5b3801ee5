interface Question {
  request: unknown;
  resolve: (answer: unknown) => void;
  reject: (reason: unknown) => void;
}

/** What a task asks and nobody has answered, as its owner knows it. */
export class OpenQuestions {
  readonly #questions = new Map<string, Question>();

  /** Resolves with the answer; rejects when the questions are dropped. */
  add(key: string, request: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#questions.set(key, { request, resolve, reject });
    });
  }

  answer(key: string, answer: unknown): void {
    this.#questions.get(key)?.resolve(answer);
    this.#questions.delete(key);
  }

  /** Takes a question back: its promise never settles. */
  withdraw(key: string): void {
    this.#questions.delete(key);
  }

  dropAll(reason: unknown): void {
    for (const { reject } of this.#questions.values()) reject(reason);
    this.#questions.clear();
  }

  /** The requests by key as JSON; nothing when there are none. */
  encode(): Uint8Array {
    if (this.#questions.size === 0) return new Uint8Array();
    const requests = [...this.#questions].map(([key, { request }]) => [key, request]);
    return Buffer.from(JSON.stringify(Object.fromEntries(requests)));
  }
}
