import type { Exchange } from './exchange.ts';
import { errorCodeOf } from './inspect.ts';

/** Counts answers by status and code. */
export class Tally {
  readonly #counts = new Map<string, number>();
  slowestMs = 0;
  total = 0;

  add(exchange: Exchange): void {
    const { kind, status, tookMs } = exchange;
    const code = errorCodeOf(exchange);
    const row = kind === 'answered' ? `${status}  ${code ?? '-'}` : kind;
    this.#counts.set(row, (this.#counts.get(row) ?? 0) + 1);
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    this.total++;
  }

  /** Kinds of answers, the most frequent first. */
  render(): string {
    const rows = [...this.#counts].toSorted(([, a], [, b]) => b - a);
    return ['status  code    answers', ...rows.map(([row, count]) => `${row.padEnd(14)}  ${count}`)].join('\n');
  }
}
