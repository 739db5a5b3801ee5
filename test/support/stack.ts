import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findFreePort, makeTemporaryFolder } from '@gatehouse/start';
import type { SignIn } from './browser.ts';
import { Command } from './command.ts';

/** Ports of one stack. */
export interface StackPorts {
  GATEWAY_PORT: number;
  GATEWAY_ADMIN_PORT: number;
  AUTH_PORT: number;
  AUTH_ADMIN_PORT: number;
}

/** A process of a stack, as the stack itself records it. */
export interface StackProcess {
  name: string;
  pid: number;
}

/** `npm start` with a data directory of its own on free ports. */
export class Stack {
  readonly dataDir: string;
  readonly ports: StackPorts;
  /** Sign-in of the first administrator. */
  readonly signIn: SignIn;
  readonly environment: NodeJS.ProcessEnv;
  start: Command;

  private constructor(dataDir: string, ports: StackPorts, signIn: SignIn, environment: NodeJS.ProcessEnv) {
    this.dataDir = dataDir;
    this.ports = ports;
    this.signIn = signIn;
    this.environment = environment;
    this.start = new Command(['npm', 'start'], environment);
  }

  /** Starts a stack and waits until it is ready. */
  static async launch(settings: NodeJS.ProcessEnv = {}): Promise<Stack> {
    const { dataDir, ports, environment } = await stackEnvironment();
    const signIn = { email: 'admin@example.com', password: 'correct-horse-battery-staple' };
    const stack = new Stack(dataDir, ports, signIn, {
      ...environment,
      GATEHOUSE_ADMIN_EMAIL: signIn.email,
      GATEHOUSE_ADMIN_PASSWORD: signIn.password,
      ...settings,
    });
    await stack.waitUntilReady();
    return stack;
  }

  get mcpUrl(): string {
    return `http://localhost:${this.ports.GATEWAY_PORT}/mcp`;
  }

  get issuer(): string {
    return `http://localhost:${this.ports.AUTH_PORT}`;
  }

  async waitUntilReady(): Promise<void> {
    await this.start.waitForOutput(/^ready /m);
  }

  /** Starts again on the same data. */
  async restart(): Promise<void> {
    this.start = new Command(['npm', 'start'], this.environment);
    await this.waitUntilReady();
  }

  /** One more process of a role, by its documented command. */
  addReplica(role: 'worker' | 'gateway' | 'authorization-server', settings: NodeJS.ProcessEnv = {}): Command {
    return new Command(['npm', 'run', role], { GATEHOUSE_DATA_DIR: this.dataDir, ...settings });
  }

  /** The processes that run now. */
  processes(): StackProcess[] {
    return JSON.parse(readFileSync(path.join(this.dataDir, 'processes.json'), 'utf8')) as StackProcess[];
  }

  pidOf(name: string): number {
    const found = this.processes().find((candidate) => candidate.name === name);
    if (!found) throw new Error(`there is no process ${name}`);
    return found.pid;
  }

  /** Ctrl-C, and the wait for the end. */
  async stop(): Promise<void> {
    this.start.interrupt();
    await this.start.ended;
  }
}

/** Free ports and a data directory that goes with the test process. */
export async function stackEnvironment() {
  const ports: StackPorts = {
    GATEWAY_PORT: await findFreePort(),
    GATEWAY_ADMIN_PORT: await findFreePort(),
    AUTH_PORT: await findFreePort(),
    AUTH_ADMIN_PORT: await findFreePort(),
  };
  const dataDir = path.join(makeTemporaryFolder('gatehouse-stack-').path, 'data');
  const environment: NodeJS.ProcessEnv = { GATEHOUSE_DATA_DIR: dataDir };
  for (const [name, port] of Object.entries(ports)) environment[name] = String(port);
  return { dataDir, ports, environment };
}
