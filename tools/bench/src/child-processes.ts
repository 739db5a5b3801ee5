import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { guardApp } from '@gatehouse/start';

const startTimeoutMs = 20_000;

/** A process of the benchmark. */
interface StartedProcess {
  pid: number;
  port: number;
}

/** The processes of one benchmark; `stop` ends exactly those. */
export class ChildProcesses {
  readonly #children: ChildProcess[] = [];

  /** Starts a TypeScript file of the benchmark; it reports its port when it listens. */
  async startPeer(file: string, environment: NodeJS.ProcessEnv): Promise<StartedProcess> {
    const child = fork(file, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#keep(child);
    const { port } = await new Promise<{ port: number }>((resolve, reject) => {
      child.once('message', (message) => resolve(message as { port: number }));
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code} instead of starting`)));
    });
    return { pid: pidOf(child), port };
  }

  /** Starts a program whose port its parameters say; whoever started it waits until it answers. */
  startProgram(file: string, parameters: string[]): { pid: number } {
    const child = spawn(process.execPath, [file, ...parameters], { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#keep(child);
    return { pid: pidOf(child) };
  }

  /** Starts a built app and waits until its admin port says that it is ready; its log is shown if it does not. */
  async startApp(file: string, adminPort: number, environment: NodeJS.ProcessEnv): Promise<{ pid: number }> {
    const child = spawn(process.execPath, [file], {
      env: { ...process.env, ...environment, LOG_FORMAT: 'json' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#keep(child);
    // The log is read, as a container runtime does, and dropped but for its last piece: under load it is long.
    let log: Buffer | undefined;
    const keepLast = (chunk: Buffer) => {
      log = chunk;
    };
    child.stdout.on('data', keepLast);
    child.stderr.on('data', keepLast);
    const deadline = performance.now() + startTimeoutMs;
    while (!(await isReady(adminPort))) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`${file} did not get ready:\n${String(log)}`);
      }
      await delay(100);
    }
    return { pid: pidOf(child) };
  }

  #keep(child: ChildProcess): void {
    this.#children.push(child);
    guardApp(child);
  }

  /** Ends one process and waits for it. */
  async end(pid: number): Promise<void> {
    await Promise.all(this.#children.filter((child) => child.pid === pid).map(endChild));
  }

  /** Ends every process and waits for it. */
  async stop(): Promise<void> {
    await Promise.all(this.#children.map(endChild));
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const overdue = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(overdue);
}

async function isReady(adminPort: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 200;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a process of the benchmark could not be started');
  return pid;
}
