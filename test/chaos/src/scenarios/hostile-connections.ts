import { setTimeout as delay } from 'node:timers/promises';
import { readLedger } from '../ledger.ts';
import { RawConnection } from '../raw-connection.ts';
import type { Scenario, Stage } from '../scenario.ts';
import { encodeToolCall } from '../tool-call.ts';

const headersLimitMs = 10_000;
const bodyLimitMs = 30_000;
/** How often node:http looks for connections that are too slow, and the end of the connection. */
const checkMs = 1_500;
const refusalLimitMs = 1_000;

/** What a request needs beside its framing. */
const headersOf = ({ deployment: { accessToken } }: Stage) =>
  [
    'Host: localhost',
    `Authorization: Bearer ${accessToken}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'MCP-Protocol-Version: 2026-07-28',
    'Mcp-Method: tools/call',
    'Mcp-Name: append',
  ].join('\r\n');

/** A whole tool call as bytes of HTTP, with the framing that is asked for. */
function requestOf(stage: Stage, key: string, framing: string, body?: string): string {
  const sent = body ?? encodeToolCall('append', { key }).toString();
  return `POST /mcp/ledger HTTP/1.1\r\n${headersOf(stage)}\r\n${framing}\r\n\r\n${sent}`;
}

const lengthOf = (body: string) => `Content-Length: ${Buffer.byteLength(body)}`;

/** Requests whose end two readers could see in two places (RFC 9112 §6), each with a call hidden behind it. */
function ambiguousRequests(stage: Stage, hidden: string): Record<string, string> {
  const { length } = hidden;
  const chunked = `${length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
  const empty = '0\r\n\r\n';
  const of = (framing: string, body: string) => requestOf(stage, '', framing, body);
  return {
    'length and chunks': of(`${lengthOf(empty)}\r\nTransfer-Encoding: chunked`, empty + hidden),
    'chunks and length': of(`Transfer-Encoding: chunked\r\n${lengthOf(chunked)}`, chunked),
    'two lengths': of(`Content-Length: 0\r\nContent-Length: ${length}`, hidden),
    'two equal lengths': of(`Content-Length: ${length}\r\nContent-Length: ${length}`, hidden),
    'a list of lengths': of(`Content-Length: 0, ${length}`, hidden),
    'a signed length': of(`Content-Length: +${length}`, hidden),
    'a length in hexadecimal digits': of(`Content-Length: 0x${length.toString(16)}`, hidden),
    'a length beyond all numbers': of('Content-Length: 99999999999999999999999', hidden),
    'chunks that are not last': of('Transfer-Encoding: chunked, identity', chunked),
    'chunks under another name': of('Transfer-Encoding: xchunked', chunked),
    'a space before the colon': of(`Content-Length : ${length}\r\nContent-Length: 0`, hidden),
    'a folded header': of(`X-A: b\r\n Content-Length: ${length}\r\nContent-Length: 0`, hidden),
    'a bare line feed': of(`X-A: b\nContent-Length: ${length}\r\nContent-Length: 0`, hidden),
    'a chunk of a size beyond all numbers': of('Transfer-Encoding: chunked', `fffffffffffffffff\r\n${hidden}`),
    'a chunk size that is none': of('Transfer-Encoding: chunked', `zz\r\n${hidden}`),
    'a line without a version': `POST /mcp/ledger\r\n${headersOf(stage)}\r\n${lengthOf('')}\r\n\r\n${hidden}`,
    'a version that does not exist': `POST /mcp/ledger HTTP/3.1\r\n${headersOf(stage)}\r\n${lengthOf('')}\r\n\r\n`,
    'a NUL in a header': of('X-A: b\0c\r\nContent-Length: 0', hidden),
  };
}

/** Connections on which no honest client behaves like that. */
export const hostileConnections: Scenario = {
  name: 'hostile-connections',
  requirement:
    'conflicting framing and versionless request lines are refused and run nothing, pipelined calls are answered in their order, slow headers end after 10 s and slow bodies after 30 s',
  smoke: true,
  async run(stage) {
    await stage.deployment.heal();
    const slow = stage.full ? [requireSlowHeadersEnd(stage), requireSlowBodyEnds(stage)] : [];
    await refuseAmbiguity(stage);
    await answerInOrder(stage);
    await Promise.all(slow);
  },
};

async function refuseAmbiguity(stage: Stage): Promise<void> {
  const hiddenKeys: string[] = [];
  const { port } = stage.deployment.gateway(0);
  for (const what of Object.keys(ambiguousRequests(stage, ''))) {
    const key = stage.nextKey();
    hiddenKeys.push(key);
    const call = encodeToolCall('append', { key }).toString();
    const hidden = requestOf(stage, key, lengthOf(call), call);
    const connection = new RawConnection(port);
    const sentAt = performance.now();
    connection.write(ambiguousRequests(stage, hidden)[what] ?? '');
    await Promise.race([connection.closed, delay(2 * refusalLimitMs)]);
    const { statuses, closedAt = Number.POSITIVE_INFINITY } = connection;
    stage.require(
      statuses.length === 1 && statuses[0] === 400,
      `${what}: answered ${statuses.join(', ') || 'nothing'}`,
    );
    stage.requireWithin(closedAt - sentAt, refusalLimitMs, `${what}: the end of the connection`);
    connection.destroy();
  }
  await delay(200);
  const executed = readLedger(stage.deployment.ledgerFile).filter(({ key }) => hiddenKeys.includes(key));
  stage.require(executed.length === 0, `${executed.length} hidden calls were executed`);
  stage.note(`${hiddenKeys.length} ambiguities refused`);
}

async function answerInOrder(stage: Stage): Promise<void> {
  const count = 200;
  const connection = new RawConnection(stage.deployment.gateway(1).port);
  const keys = Array.from({ length: count }, () => stage.nextKey());
  for (const [index, key] of keys.entries()) {
    const body = encodeToolCall('append', { key, holdMs: stage.random.between(0, 20) })
      .toString()
      .replace('"id":1,', `"id":${index},`);
    connection.write(requestOf(stage, key, lengthOf(body), body));
  }
  const startedAt = performance.now();
  const ids = () => [...connection.received.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id));
  await stage.waitUntil(() => ids().length >= count, 5_000);
  const endedAt = performance.now();
  const expected = keys.map((_, index) => index);
  stage.require(JSON.stringify(ids()) === JSON.stringify(expected), `pipelined calls were answered as ${ids().join()}`);
  // No other answer stands between them, so the place in the line says whose each is.
  const answers = [...connection.received.matchAll(/"executed":"(\w+)"|"isError":false|"content":/g)];
  for (const [index, key] of keys.entries()) {
    const ending = answers[index]?.[1] === 'no' ? 'not-executed' : 'result';
    const terms = { tool: 'append', replayable: false, gateway: 1, deadlineMs: 5_000 };
    stage.calls.push({ key, ...terms, startedAt, endedAt, ending });
  }
  connection.destroy();
}

async function requireSlowHeadersEnd(stage: Stage): Promise<void> {
  const connection = new RawConnection(stage.deployment.gateway(0).port);
  const head = `POST /mcp/ledger HTTP/1.1\r\n${headersOf(stage)}\r\nX-Padding: ${'x'.repeat(4_000)}`;
  await connection.drip(head, 250);
  await requireTimeout(stage, connection, headersLimitMs, 'slow headers');
}

async function requireSlowBodyEnds(stage: Stage): Promise<void> {
  const connection = new RawConnection(stage.deployment.gateway(1).port);
  connection.write(requestOf(stage, '', 'Content-Length: 4000', ' '));
  await connection.drip(' '.repeat(4_000), 250);
  await requireTimeout(stage, connection, bodyLimitMs, 'a slow body');
}

async function requireTimeout(stage: Stage, connection: RawConnection, limitMs: number, what: string): Promise<void> {
  await Promise.race([connection.closed, delay(limitMs)]);
  const tookMs = (connection.closedAt ?? Number.POSITIVE_INFINITY) - connection.openedAt;
  stage.requireWithin(tookMs, limitMs + checkMs, `the end of ${what}`);
  stage.require(tookMs > limitMs - 500, `${what} had only ${Math.round(tookMs)} ms`);
  stage.require(connection.statuses[0] === 408, `${what} heard ${connection.statuses.join(', ') || 'nothing'}`);
  stage.note(`${what} ended after ${(tookMs / 1_000).toFixed(1)} s`);
  connection.destroy();
}
