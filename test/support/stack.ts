import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort, isRunning, makeTemporaryFolder } from '@gatehouse/start';
import type { TemporaryFolder } from '@gatehouse/start';
import type { SignIn } from './browser.ts';
import { Command } from './command.ts';

const readyTimeoutMs = 30_000;

/** Ports of one stack. */
interface StackPorts {
  GATEWAY_PORT: number;
  GATEWAY_ADMIN_PORT: number;
  AUTH_PORT: number;
  AUTH_ADMIN_PORT: number;
}

/** A process of a stack, as the stack itself records it. */
interface StackProcess {
  name: string;
  pid: number;
}

/** `npm start` on free ports with a data directory of its own. */
export class Stack {
  readonly ports: StackPorts;
  readonly dataDir: string;
  /** What `npm start` is given, beside what every process inherits. */
  readonly environment: NodeJS.ProcessEnv;
  readonly #folder: TemporaryFolder;
  #command: Command;

  private constructor(ports: StackPorts, folder: TemporaryFolder, settings: NodeJS.ProcessEnv) {
    this.ports = ports;
    this.#folder = folder;
    this.dataDir = path.join(folder.path, 'data');
    this.environment = { ...asEnvironment(ports), GATEHOUSE_DATA_DIR: this.dataDir, ...settings };
    this.#command = new Command(['npm', 'start'], this.environment);
  }

  /** Starts a stack and waits until it is ready. */
  static async launch(settings: NodeJS.ProcessEnv = {}): Promise<Stack> {
    const stack = new Stack(await findFreePorts(), makeTemporaryFolder('gatehouse-stack-'), settings);
    try {
      await stack.#command.waitForOutput(/^ready /m);
      return stack;
    } catch (error) {
      await stack.dispose();
      throw error;
    }
  }

  /** Starts again on the same data. */
  async restart(): Promise<void> {
    this.#command = new Command(['npm', 'start'], this.environment);
    await this.#command.waitForOutput(/^ready /m);
  }

  /** Starts again if the last start has ended. */
  async ensureRunning(): Promise<void> {
    if (this.#command.hasEnded) await this.restart();
  }

  get mcpUrl(): string {
    return `http://localhost:${this.ports.GATEWAY_PORT}/mcp`;
  }

  get issuer(): string {
    return `http://localhost:${this.ports.AUTH_PORT}`;
  }

  /** The command of the present start. */
  get command(): Command {
    return this.#command;
  }

  /** The first administrator as the present start printed him. */
  readSignIn(): SignIn {
    const [, email = ''] = /^ *sign in as +(\S+)$/m.exec(this.#command.output) ?? [];
    const [, password = ''] = /^ *password +(\S+) /m.exec(this.#command.output) ?? [];
    return { email, password };
  }

  /** One more process of a role, by its documented command. */
  addReplica(role: 'worker' | 'gateway' | 'authorization-server', settings: NodeJS.ProcessEnv = {}): Command {
    return new Command(['npm', 'run', role], { GATEHOUSE_DATA_DIR: this.dataDir, ...settings });
  }

  /** The processes that the stack says it runs; none when it has stopped in order. */
  processes(): StackProcess[] {
    const file = path.join(this.dataDir, 'processes.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as StackProcess[]) : [];
  }

  pidOf(name: string): number {
    const found = this.processes().find((candidate) => candidate.name === name);
    if (!found) throw new Error(`the stack runs no ${name}`);
    return found.pid;
  }

  /** Ctrl-C, and the wait for the end; the data stays. */
  async stop(): Promise<void> {
    this.#command.interrupt();
    await this.#command.ended;
  }

  /** Stops the stack and removes its data. */
  async dispose(): Promise<void> {
    await this.stop();
    this.#folder.remove();
  }
}

/** The processes among these that still run. */
export function stillRunning(processes: StackProcess[]): string[] {
  return processes.filter(({ pid }) => isRunning(pid)).map(({ name }) => name);
}

/** Waits until an app says that it is ready; `probes` is the URL of its admin port. */
export async function waitUntilReady(probes: string): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  while (performance.now() < deadline) {
    const response = await fetch(`${probes}/readyz`).catch(() => undefined);
    if (response?.ok) return;
    await sleep(50);
  }
  throw new Error(`${probes} is not ready`);
}

/** Four free ports. */
export async function findFreePorts(): Promise<StackPorts> {
  return {
    GATEWAY_PORT: await findFreePort(),
    GATEWAY_ADMIN_PORT: await findFreePort(),
    AUTH_PORT: await findFreePort(),
    AUTH_ADMIN_PORT: await findFreePort(),
  };
}

/** Ports as variables. */
export function asEnvironment(ports: StackPorts): Record<string, string> {
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
}
