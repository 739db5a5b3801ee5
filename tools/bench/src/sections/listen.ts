import { setTimeout as delay } from 'node:timers/promises';
import { publishResourceUpdates } from '@gatehouse/messaging';
import { connect } from '@nats-io/transport-node';
import { watchedUri } from '../decorated/watched-uri.ts';
import { ListeningProcess } from '../listening/listening-process.ts';
import { residentMib } from '../memory.ts';
import type { BenchOptions } from '../options.ts';
import { echoCall, waitForRightAnswer } from '../prepared-request.ts';
import { promise } from '../report/row.ts';
import type { Row } from '../report/row.ts';
import { Stack } from '../stack.ts';
import type { StartedGateway } from '../stack.ts';
import type { SectionResult } from './section.ts';

const server = 'bench';
const streamsPerAccount = 100;
const settleMs = 10_000;
const quickSettleMs = 3_000;
const betweenChangesMs = 1_000;

/** What many idle `subscriptions/listen` streams cost, and how long a change takes to reach all of them. */
interface ListenMeasurement {
  streams: number;
  idleRssMib: number;
  rssWithStreamsMib: number;
  /** From a worker's word to the last listener, once per round. */
  toAllMs: number[];
}

/** 10,000 idle streams in one gateway. */
export async function measureListening({ quick, rounds }: BenchOptions): Promise<SectionResult> {
  const streams = quick ? 1_000 : 10_000;
  await using stack = await Stack.start([server]);
  const gateway = await stack.startGateway();
  await stack.startWorker('echo-worker');
  const endpoint = { name: 'gateway', url: gateway.endpoint(server), accessToken: await gateway.issueToken(server) };
  await waitForRightAnswer(endpoint, echoCall);
  await delay(quick ? quickSettleMs : settleMs);
  const idleRssMib = residentMib(gateway.pid);
  using listeners = new ListeningProcess();
  const accessTokens = await issueTokens(gateway, streams / streamsPerAccount);
  await listeners.open({ url: endpoint.url, accessTokens, streams, uri: watchedUri });
  await delay(quick ? quickSettleMs : settleMs);
  const rssWithStreamsMib = residentMib(gateway.pid);
  const toAllMs = await changeOften(stack, listeners, rounds);
  const measurement = { streams, idleRssMib, rssWithStreamsMib, toAllMs };
  const rows = listenRows(measurement);
  for (const { measure, promised } of rows) console.log(`gateway          ${measure}: ${promised?.value.toFixed(1)}`);
  return { rows, measurements: [measurement], notes: [], failed: 0 };
}

async function issueTokens(gateway: StartedGateway, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => gateway.issueToken(server)));
}

async function changeOften(stack: Stack, listeners: ListeningProcess, rounds: number): Promise<number[]> {
  const { NATS_URL: servers = '', NATS_USER: user = '', NATS_PASSWORD: pass = '' } = stack.busOf('worker');
  const connection = await connect({ servers, user, pass });
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await delay(betweenChangesMs);
    times.push(
      await listeners.timeToAll(() =>
        publishResourceUpdates(connection, { tenant: 'default', server, uris: [watchedUri] }),
      ),
    );
  }
  await connection.close();
  return times;
}

/** What the measurement says; of the changes the slowest counts. */
export function listenRows({ streams, idleRssMib, rssWithStreamsMib, toAllMs }: ListenMeasurement): Row[] {
  const kibPerStream = ((rssWithStreamsMib - idleRssMib) * 1024) / streams;
  const slowestMs = Math.max(...toAllMs);
  const count = streams.toLocaleString('en');
  return [
    {
      measure: `memory of one of ${count} idle streams, KiB`,
      values: { gateway: kibPerStream },
      promised: promise('KiB', kibPerStream, { most: 40 }),
    },
    {
      measure: `a change reaches all ${count} streams, ms`,
      values: { gateway: slowestMs },
      promised: promise('ms', slowestMs, { most: 1_000 }),
    },
  ];
}
