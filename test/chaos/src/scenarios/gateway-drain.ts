import type { GatewayProcess } from '../deployment.ts';
import { ListenStream } from '../listen-stream.ts';
import { RawConnection } from '../raw-connection.ts';
import type { Scenario, Stage } from '../scenario.ts';

const idleLimitMs = 10_000;
const busyLimitMs = 30_000;
const allLists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
/** What one account may have (GATEWAY_MAX_STREAMS_PER_ACCOUNT) is 100. */
const streamsPerAccount = 50;

/** A gateway is asked to end. */
export const gatewayDrain: Scenario = {
  name: 'gateway-drain',
  requirement:
    'a gateway that gets SIGTERM finishes its calls and ends its streams with their result: within 10 s when idle, within 30 s when busy',
  smoke: false,
  async run(stage) {
    const { deployment } = stage;
    await deployment.heal();
    await drainBusy(stage, deployment.gateway(0));
    await deployment.heal();
    await drainIdle(stage, deployment.gateway(1));
    await deployment.heal();
  },
};

async function drainBusy(stage: Stage, gateway: GatewayProcess): Promise<void> {
  const { random } = stage;
  const longestMs = stage.full ? 8_000 : 2_000;
  const elsewhere = stage.startLoad({
    callers: 4,
    gateways: 1,
    firstGateway: 1,
    tools: ['append'],
    holdMs: [0, 50],
    random,
  });
  const calls = Array.from({ length: 100 }, () =>
    stage.call(0, 'append_long', { holdMs: random.between(1_000, longestMs) }),
  );
  const streams = await openStreams(stage, 0, stage.full ? 1_000 : 100);
  const tookMs = await terminate(gateway);
  stage.requireWithin(tookMs, busyLimitMs, 'the end of a busy gateway');
  await requireResults(stage, streams);
  for (const { key, ending, detail } of await Promise.all(calls))
    stage.require(ending === 'result', `${key}, in flight at SIGTERM, ended ${ending}: ${detail}`);
  await elsewhere.stop();
  const failed = stage.calls.filter(({ gateway: index, ending }) => index === 1 && ending !== 'result');
  stage.require(failed.length === 0, `${failed.length} calls failed at the gateway that stays`);
  stage.note(`busy: ended in ${(tookMs / 1_000).toFixed(1)} s`);
}

async function drainIdle(stage: Stage, gateway: GatewayProcess): Promise<void> {
  // Connections that wait for their next request, and one that began it and never goes on.
  const waiting = Array.from({ length: 20 }, () => new RawConnection(gateway.port));
  waiting[0]?.write('POST /mcp/ledger HTTP/1.1\r\nHost: localhost\r\n');
  const streams = await openStreams(stage, 1, stage.full ? 1_000 : 100);
  await stage.call(1, 'append');
  const tookMs = await terminate(gateway);
  for (const connection of waiting) connection.destroy();
  stage.requireWithin(tookMs, idleLimitMs, 'the end of an idle gateway');
  await requireResults(stage, streams);
  stage.note(`idle: ended in ${(tookMs / 1_000).toFixed(1)} s`);
}

async function openStreams(stage: Stage, gateway: number, count: number): Promise<ListenStream[]> {
  const streams: ListenStream[] = [];
  while (streams.length < count) {
    const caller = { ...stage.deployment.caller(gateway), accessToken: await stage.deployment.issueToken() };
    const opened = Array.from({ length: streamsPerAccount }, () => new ListenStream(caller, allLists));
    await Promise.all(opened.map(({ acknowledged }) => acknowledged));
    streams.push(...opened);
  }
  return streams;
}

/** MCP 2026-07-28 Subscriptions §Graceful Closure. */
async function requireResults(stage: Stage, streams: ListenStream[]): Promise<void> {
  const ends = await Promise.all(streams.map(({ ended }) => ended));
  const cut = ends.filter((end) => end === 'cut').length;
  stage.require(cut === 0, `${cut} of ${streams.length} streams ended without their result`);
}

async function terminate({ child, ended }: GatewayProcess): Promise<number> {
  const since = performance.now();
  child.kill('SIGTERM');
  await ended;
  return performance.now() - since;
}
