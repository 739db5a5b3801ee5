import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { guardApp } from '@gatehouse/start';
import type { ListenOrder } from './listeners.ts';
import type { ListenersOrder, ListenersReport } from './main.ts';

const hearTimeoutMs = 10_000;

/** Many listeners in a process of their own. */
export class ListeningProcess implements Disposable {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(path.join(import.meta.dirname, 'main.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    guardApp(this.#child);
  }

  /** @throws Error when a stream was refused */
  async open(order: ListenOrder): Promise<void> {
    this.#tell({ kind: 'open', order });
    await this.#next('opened');
  }

  /**
   * Milliseconds from `change` until the last listener has heard of it.
   * @throws Error when one has not heard within ten seconds
   */
  async timeToAll(change: () => void): Promise<number> {
    this.#tell({ kind: 'hear', timeoutMs: hearTimeoutMs });
    await this.#next('listening');
    // All processes of a machine have this clock in common.
    const changedAtNs = process.hrtime.bigint();
    change();
    const { atNs } = await this.#next('heard');
    return Number(BigInt(atNs) - changedAtNs) / 1e6;
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }

  #tell(order: ListenersOrder): void {
    this.#child.send(order);
  }

  async #next<Kind extends ListenersReport['kind']>(kind: Kind): Promise<Extract<ListenersReport, { kind: Kind }>> {
    const [report] = (await once(this.#child, 'message')) as [ListenersReport];
    if (report.kind === kind) return report as Extract<ListenersReport, { kind: Kind }>;
    throw new Error(report.kind === 'failed' ? report.reason : `the listeners said ${report.kind} instead of ${kind}`);
  }
}
