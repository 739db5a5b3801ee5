import { afterAll, beforeAll } from 'vitest';
import type { Issuer } from '../../support/authorization/issuer.ts';
import { callMcp } from '../../support/call-mcp.ts';
import type { Answer } from '../../support/call-mcp.ts';
import { startStack } from './start-stack.ts';
import type { SecurityStack } from './start-stack.ts';

let running: SecurityStack | undefined;

/** Starts one stack for all tests of the file that calls it. */
export function useStack(): void {
  beforeAll(async () => {
    running = await startStack();
  });
  afterAll(() => running?.stop());
}

/** The stack of this run; it runs once tests do. */
export function stack(): SecurityStack {
  if (!running) throw new Error('the stack does not run yet');
  return running;
}

/** Does the same at each authorization server, alone. */
export async function atEachAuthorizationServer(check: (replica: Issuer) => Promise<void>): Promise<void> {
  for (const replica of stack().authorizationServers) await check(replica);
}

/** What each gateway answers to a list request with this token. */
export function listAtEachGateway(token: string): Promise<Answer[]> {
  return Promise.all(stack().gateways.map((url) => callMcp(`${url}/mcp`, token, 'tools/list')));
}

/** The statuses of {@link listAtEachGateway}. */
export async function statusesOf(token: string): Promise<number[]> {
  return (await listAtEachGateway(token)).map(({ status }) => status);
}
