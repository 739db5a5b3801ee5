import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '@gatehouse/start';
import type { Endpoint } from './prepared-request.ts';
import { decorated } from './stack.ts';
import type { Stack } from './stack.ts';
import type { TargetName } from './target-names.ts';

/** Something that answers requests. */
export interface Target extends Endpoint {
  name: TargetName;
  /** The process that listens there. */
  pid: number;
}

/** The gateway with authentication on, and a worker with the echo tool. */
export async function startGateway(stack: Stack): Promise<Target> {
  const gateway = await stack.startGateway();
  await stack.startWorker('echo-worker');
  const accessToken = await gateway.issueToken('bench');
  return { name: 'gateway', url: gateway.endpoint('bench'), pid: gateway.pid, accessToken };
}

/** node:http -> NATS -> worker by hand: what any gateway over a bus must at least do. */
export async function startBareLoop(stack: Stack): Promise<Target> {
  const environment = stack.busOf('bareLoop');
  await stack.processes.startPeer(peer('bare-worker.ts'), environment);
  const { pid, port } = await stack.processes.startPeer(peer('bare-gateway.ts'), environment);
  // It looks a token up as every gateway must, and believes any.
  return { name: 'bare loop', url: `http://127.0.0.1:${port}/mcp`, pid, accessToken: randomUUID() };
}

/** A server on `@modelcontextprotocol/server`: with the echo tool, or with a number of tools to list. */
export async function startOfficialServer(stack: Stack, listedTools = 0): Promise<Target> {
  const { pid, port } = await stack.processes.startPeer(peer('official-server.ts'), {
    LISTED_TOOLS: String(listedTools),
  });
  return { name: 'official server', url: `http://127.0.0.1:${port}/mcp`, pid };
}

/** A server on `@rekog/mcp-nest`. */
export async function startMcpNest(stack: Stack): Promise<Target> {
  const { pid, port } = await stack.processes.startPeer(decorated('mcp-nest-server'), {});
  return { name: 'mcp-nest', url: `http://127.0.0.1:${port}/mcp`, pid };
}

/** `mcp-proxy` in front of a server that speaks over standard input and output. */
export async function startMcpProxy(stack: Stack): Promise<Target> {
  const port = await findFreePort();
  const program = fileURLToPath(import.meta.resolve('mcp-proxy/dist/bin/mcp-proxy.mjs'));
  const { pid } = stack.processes.startProgram(program, [
    '--host=127.0.0.1',
    `--port=${port}`,
    '--server=stream',
    '--',
    process.execPath,
    peer('stdio-server.ts'),
  ]);
  return { name: 'mcp-proxy', url: `http://127.0.0.1:${port}/mcp`, pid };
}

/** A program of the benchmark. */
export function peer(file: string): string {
  return path.join(import.meta.dirname, 'peers', file);
}
