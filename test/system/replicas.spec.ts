import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../support/command.ts';
import { modernClient } from '../support/mcp-clients.ts';
import type { ListeningClient, McpClient } from '../support/mcp-clients.ts';
import { OAuthClient } from '../support/oauth-client.ts';
import { signInByForms } from '../support/sign-in-by-forms.ts';
import { callWithStepUp } from '../support/step-up.ts';
import { asEnvironment, findFreePorts, Stack, waitUntilReady } from '../support/stack.ts';

const callsInParallel = 8;

/** One call of the load. */
interface LoadCall {
  startedAt: number;
  /** Absent when it was answered with the file. */
  failure?: string;
}

describe('two gateways and two workers', () => {
  let stack: Stack;
  let oauthClient: OAuthClient;
  let worker: Command;
  let gateway: Command;
  const replicas: Command[] = [];
  const mcpClients: ListeningClient[] = [];

  beforeAll(async () => {
    stack = await Stack.launch();
    oauthClient = await OAuthClient.listen('Load');
    const mcpClient = modernClient(stack.mcpUrl, oauthClient);
    await mcpClient.connect();
    await mcpClient.finishAuthorization(await signInByForms(oauthClient.authorizationUrl, stack.readSignIn()));
    await mcpClient.connect();
    const signIn = stack.readSignIn();
    const file = { path: 'first.md', content: 'what asks for the scope' };
    await callWithStepUp({ mcpClient, oauthClient, signIn }, 'files__write', file);
    mcpClients.push(mcpClient);
  });
  afterAll(async () => {
    await Promise.all(mcpClients.map((mcpClient) => mcpClient.close().catch(() => {})));
    oauthClient.close();
    for (const replica of replicas) {
      replica.interrupt();
      await replica.ended;
    }
    await stack.dispose();
  });

  /** Calls a tool through all gateways in turn, `callsInParallel` at a time, until told to stop. */
  async function load(clients: McpClient[], isEnough: (calls: LoadCall[]) => boolean): Promise<LoadCall[]> {
    const calls: LoadCall[] = [];
    const callOn = async (mcpClient: McpClient) => {
      while (!isEnough(calls)) {
        const call: LoadCall = { startedAt: performance.now() };
        calls.push(call);
        const answer = await mcpClient
          .callTool('files__read', { path: 'welcome.md' })
          .catch((error: unknown) => ({ isError: true, text: String(error) }));
        if (answer.isError || !answer.text.includes('Welcome to Gatehouse')) call.failure = answer.text;
      }
    };
    await Promise.all(Array.from({ length: callsInParallel }, (_, index) => callOn(clients[index % clients.length]!)));
    return calls;
  }

  const failuresOf = (calls: LoadCall[]) => calls.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));

  /** How many calls each worker took, by the gateways' own records of calls. */
  function countByInstance(records: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [, instance = ''] of records.matchAll(/"instance":"(\w+)".*"msg":"call"}/g)) {
      counts[instance] = (counts[instance] ?? 0) + 1;
    }
    return counts;
  }

  async function recordsOf(command: Command, during: () => Promise<unknown>): Promise<string> {
    const before = command.output.length;
    await during();
    // Records are written in batches, and a busy machine is late with them.
    let seen: number;
    do {
      seen = command.output.length;
      await sleep(200);
    } while (command.output.length > seen);
    return command.output.slice(before);
  }

  it('a second worker, started by one command, takes about half of the calls', async () => {
    worker = stack.addReplica('worker');
    replicas.push(worker);
    await worker.waitForOutput(/"msg":"worker ready"/);
    await stack.command.waitForOutput(/(?:"msg":"instance ready"[^]*){2}/);
    let calls: LoadCall[] = [];
    const records = await recordsOf(stack.command, async () => {
      calls = await load(mcpClients, ({ length }) => length >= 1_000);
    });
    expect(failuresOf(calls)).toEqual([]);
    const counts = Object.values(countByInstance(records));
    expect(counts).toHaveLength(2);
    // The less loaded one is preferred, so a busy machine shifts the halves a little.
    for (const count of counts) expect(count / calls.length).toBeGreaterThan(0.35);
  });

  it('a second gateway serves the same token, and reaches both workers', async () => {
    const { GATEWAY_PORT, GATEWAY_ADMIN_PORT } = asEnvironment(await findFreePorts());
    gateway = stack.addReplica('gateway', { GATEWAY_PORT, GATEWAY_ADMIN_PORT });
    replicas.push(gateway);
    await waitUntilReady(`http://localhost:${GATEWAY_ADMIN_PORT}`);
    await gateway.waitForOutput(/(?:"msg":"instance ready"[^]*){2}/);
    const mcpClient = modernClient(`http://localhost:${GATEWAY_PORT}/mcp`, oauthClient);
    expect(await mcpClient.connect()).toBe(true);
    mcpClients.push(mcpClient);
    let calls: LoadCall[] = [];
    const records = await recordsOf(gateway, async () => {
      calls = await load([mcpClient], ({ length }) => length >= 100);
    });
    expect(failuresOf(calls)).toEqual([]);
    expect(Object.keys(countByInstance(records))).toHaveLength(2);
  });

  it('clients at both gateways hear within a second of files that change through either worker', async () => {
    const uri = 'files:///news.md';
    const listening = await Promise.all(mcpClients.map((mcpClient) => mcpClient.listenTo([uri])));
    const records = await recordsOf(stack.command, async () => {
      for (let round = 1; round <= 12; round++) {
        const written = { path: 'news.md', content: `${round}`, overwrite: true };
        expect((await mcpClients[0]!.callTool('files__write', written)).isError).toBe(false);
        const writtenAt = performance.now();
        while (listening.some(({ updated }) => updated.length < round)) await sleep(5);
        expect(performance.now() - writtenAt).toBeLessThan(1_000);
      }
      await mcpClients[1]!.callTool('files__write', { path: 'other.md', content: 'of no interest' });
      await sleep(500);
    });
    expect(Object.keys(countByInstance(records))).toHaveLength(2);
    expect(listening.map(({ updated }) => updated)).toEqual(
      mcpClients.map(() => Array.from({ length: 12 }, () => uri)),
    );
    for (const stream of listening) await stream.close();
  });

  it('no new call fails through either gateway when a worker is killed', async () => {
    let killedAt = Infinity;
    const loading = load(mcpClients, () => performance.now() > killedAt + 3_000);
    await sleep(500);
    worker.signalGroup('SIGKILL');
    killedAt = performance.now();
    const calls = await loading;
    const newCalls = calls.filter(({ startedAt }) => startedAt >= killedAt);
    expect(newCalls.length).toBeGreaterThan(100);
    expect(failuresOf(newCalls)).toEqual([]);
    for (const command of [stack.command, gateway]) await command.waitForOutput(/"msg":"instance gone"/);
  });

  it('no call through the other gateway fails when a gateway is killed, and the killed one serves again', async () => {
    const [first, second] = mcpClients as [ListeningClient, ListeningClient];
    const killed = stack.pidOf('gateway');
    let killedAt = Infinity;
    const loading = load([second], () => performance.now() > killedAt + 2_000);
    await sleep(300);
    process.kill(killed, 'SIGKILL');
    killedAt = performance.now();
    expect(failuresOf(await loading)).toEqual([]);
    await stack.command.waitForOutput(/^gateway ended by itself/m);
    await waitUntilReady(`http://localhost:${stack.ports.GATEWAY_ADMIN_PORT}`);
    expect(failuresOf(await load([first], ({ length }) => length >= callsInParallel))).toEqual([]);
  });
});
