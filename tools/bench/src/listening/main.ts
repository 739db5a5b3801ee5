import { Listeners } from './listeners.ts';
import type { ListenOrder } from './listeners.ts';

/** What the process of the listeners tells its parent. */
export type ListenersReport =
  | { kind: 'opened' }
  | { kind: 'listening' }
  | { kind: 'heard'; atNs: string }
  | { kind: 'failed'; reason: string };

/** What it is told to do. */
export type ListenersOrder = { kind: 'open'; order: ListenOrder } | { kind: 'hear'; timeoutMs: number };

/** The process of the listeners: it has as many file descriptors as the gateway, so that neither can have both ends. */
let listeners: Listeners | undefined;

process.on('message', (order: ListenersOrder) => {
  const done = order.kind === 'open' ? open(order.order) : hear(order.timeoutMs);
  done.catch((error: unknown) => report({ kind: 'failed', reason: String(error) }));
});

async function open(order: ListenOrder): Promise<void> {
  listeners = new Listeners(order);
  await listeners.open();
  report({ kind: 'opened' });
}

async function hear(timeoutMs: number): Promise<void> {
  const opened = listeners;
  if (opened === undefined) throw new Error('nobody listens yet');
  const overdue = setTimeout(() => {
    report({ kind: 'failed', reason: `${opened.heard} streams heard of the change, ${opened.ended} have ended` });
  }, timeoutMs);
  const all = opened.hearOnce();
  report({ kind: 'listening' });
  await all;
  clearTimeout(overdue);
  report({ kind: 'heard', atNs: String(process.hrtime.bigint()) });
}

function report(what: ListenersReport): void {
  process.send?.(what);
}
