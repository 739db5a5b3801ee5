import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { endProcess } from './end-process.ts';
import type { GuardianOrder } from './guard.ts';

// A process of its own that outlives its parent by seconds: when the parent is gone, even by kill -9, the guardian ends
// what the parent had started - the apps, then what they use, newest first - and removes its temporary folders. It learns
// of all this by lines on stdin.

const graceMs = 3_000;
const apps = new Set<number>();
const services = new Map<number, NodeJS.Signals>();
const folders = new Set<string>();

// The parent's end is the only reason to end: a signal to the whole group must not leave anything behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) obey(JSON.parse(line) as GuardianOrder);
await Promise.all([...apps].map((pid) => endProcess(pid, 'SIGTERM', graceMs)));
for (const [pid, signal] of [...services].toReversed()) await endProcess(pid, signal, graceMs);
for (const folder of folders) rmSync(folder, { recursive: true, force: true });
process.exit(0);

function obey(order: GuardianOrder): void {
  if ('app' in order) apps.add(order.app);
  else if ('service' in order) services.set(order.service, order.signal);
  else if ('forget' in order) {
    apps.delete(order.forget);
    services.delete(order.forget);
  } else if ('remove' in order) folders.add(order.remove);
  else folders.delete(order.keep);
}
