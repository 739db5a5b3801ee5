import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { guardApp } from '@gatehouse/start';
import type { LoadOrder, LoadReport, LoadResult, Work } from './auth-load.ts';
import type { AuthTarget } from './person.ts';

/** People who ask one authorization server, in a process of their own. */
export class LoadProcess implements Disposable {
  readonly #child: ChildProcess;

  constructor() {
    const file = path.join(import.meta.dirname, 'auth-load.ts');
    this.#child = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    guardApp(this.#child);
  }

  /** Signs people in and gives each a grant. */
  async prepare(target: AuthTarget, people: number): Promise<void> {
    await this.#ask({ kind: 'prepare', target, people }, 'prepared');
  }

  /** Gives everybody another grant. */
  async beginGrants(): Promise<void> {
    await this.#ask({ kind: 'begin grants' }, 'prepared');
  }

  /** Lets `people` of them do their work without a pause. */
  async run(work: Work, people: number, seconds: number): Promise<LoadResult> {
    const { kind: _, ...result } = await this.#ask({ kind: 'run', work, people, seconds }, 'done');
    return result;
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }

  /** @throws Error when the process could not do it. */
  async #ask<Kind extends LoadReport['kind']>(
    order: LoadOrder,
    expected: Kind,
  ): Promise<Extract<LoadReport, { kind: Kind }>> {
    this.#child.send(order);
    const ended = new AbortController();
    try {
      const answer = once(this.#child, 'message', ended) as Promise<[LoadReport]>;
      const exit = once(this.#child, 'exit', ended).then(() => {
        throw new Error('the load generator ended');
      });
      const [report] = await Promise.race([answer, exit]);
      if (report.kind === expected) return report as Extract<LoadReport, { kind: Kind }>;
      throw new Error(report.kind === 'failed' ? report.reason : `the load generator said ${report.kind}`);
    } finally {
      ended.abort();
    }
  }
}
