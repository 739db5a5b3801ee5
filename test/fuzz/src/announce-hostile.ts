import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { definitionsDigest, rolePermissions } from '@gatehouse/messaging';
import type { ServerDefinitions } from '@gatehouse/protocol';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { Deployment } from '../../chaos/src/deployment.ts';
import { callTool } from '../../chaos/src/tool-call.ts';
import { askState } from '../../support/probed-process.ts';
import { encodeRequest } from './encode-request.ts';
import type { PlainRequest } from './encode-request.ts';
import { Wire } from './exchange.ts';
import { hostileDefinitions, hostileServer } from './hostile-definitions.ts';
import { findFault, showsStack } from './inspect.ts';

const loopLimitMs = 250;
const worker = {
  user: 'hostile',
  password: randomBytes(24).toString('base64url'),
  permissions: rolePermissions({ role: 'worker', tenant: 'default', servers: [hostileServer] }),
};

/** What the definitions did to a gateway. */
export interface AnnouncementReport {
  announced: number;
  /** How many of them were accepted. */
  stored: number;
  maxBusyMs: number;
  findings: string[];
}

/**
 * Announces hostile definitions with the rights of a worker, has a live instance claim to serve them, and asks the gateway
 * for what they list.
 */
export async function announceHostile(): Promise<AnnouncementReport> {
  const report: AnnouncementReport = { announced: 0, stored: 0, maxBusyMs: 0, findings: [] };
  const onLog = (text: string) => {
    if (showsStack(text)) report.findings.push(`a log shows a stack trace: ${text.slice(0, 1_000)}`);
  };
  const trap = await startTrap(() => report.findings.push('somebody fetched a schema from the network'));
  const deployment = await Deployment.start({ gateways: 1, workers: 1, identities: [worker], onLog });
  const connection = await connect({ servers: deployment.nats.url, user: worker.user, pass: worker.password });
  try {
    for (const [what, definitions] of Object.entries(hostileDefinitions(trap.url))) {
      report.announced++;
      await askState(deployment.gateway(0));
      if (await announce(connection, definitions)) report.stored++;
      await askAround(deployment, what, report);
      const { maxBusyMs } = await askState(deployment.gateway(0));
      report.maxBusyMs = Math.max(report.maxBusyMs, maxBusyMs);
      if (maxBusyMs > loopLimitMs)
        report.findings.push(`${what}: the event loop was busy for ${Math.round(maxBusyMs)} ms`);
      const { ending, detail } = await callTool(deployment.caller(0), 'append', { key: what });
      if (ending !== 'result') report.findings.push(`${what}: an honest call ended ${ending}: ${detail}`);
      if (!deployment.gateway(0).runs) throw new Error(`${what} ended the gateway: ${deployment.gateway(0).log()}`);
    }
  } finally {
    await connection.close();
    await deployment.stop();
    trap.close();
  }
  return report;
}

/** @returns whether the catalog took them */
async function announce(connection: NatsConnection, definitions: object | string): Promise<boolean> {
  const content = typeof definitions === 'string' ? definitions : JSON.stringify({ tenant: 'default', definitions });
  const digest = digestOf(definitions);
  const answers = connection.subscribe(`gh.announced.default.${hostileServer}.${digest}`, { max: 1 });
  const beat = { tenant: 'default', server: hostileServer, digest, state: 'ready', load: 0 };
  connection.publish(`gh.announce.default.${hostileServer}.${digest}`, content);
  connection.publish(`gh.beat.default.${hostileServer}.instance`, JSON.stringify(beat));
  await connection.flush();
  const answer = (async () => {
    for await (const message of answers) return message.string().includes('"stored"');
    return false;
  })();
  const stored = await Promise.race([answer, delay(2_000, false)]);
  answers.unsubscribe();
  connection.publish(`gh.beat.default.${hostileServer}.instance`, JSON.stringify(beat));
  await connection.flush();
  // Until every list that contains them has been made again.
  await delay(stored ? 200 : 20);
  return stored;
}

/** The right one where there is a right one: nothing but the content must be the reason of a refusal. */
function digestOf(definitions: object | string): string {
  try {
    return definitionsDigest(definitions as ServerDefinitions);
  } catch {
    return randomBytes(20).toString('hex');
  }
}

/** Asks for everything that the definitions may have changed, as a client with rights to it. */
async function askAround(deployment: Deployment, what: string, report: AnnouncementReport): Promise<void> {
  const { port } = deployment.gateway(0);
  const scope = ['mcp', `${hostileServer}:read`, `${hostileServer}:write`].join(' ');
  const own = await deployment.issueToken({ scope }, `http://gatehouse.test/mcp/${hostileServer}`);
  const longUri = `hostile:///${'x'.repeat(8_000)}`;
  const longestUri = `hostile:///${'x'.repeat(3_000_000)}`;
  const toolArguments = { a: 'a'.repeat(40), p0: '1' };
  const requests: PlainRequest[] = [
    ...['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list', 'server/discover'].map(
      (method) => ({
        method,
        params: {},
      }),
    ),
    ...['tool-0', '__proto__', 'constructor'].map((name) => ({
      method: 'tools/call',
      name,
      params: { name, arguments: toolArguments },
    })),
    ...[longUri, 'ledger://state'].map((uri) => ({ method: 'resources/read', name: uri, params: { uri } })),
    // The name of a completion stands in no header, whose length would be limited.
    ...[longUri, longestUri].map((uri) => ({
      method: 'completion/complete',
      params: { ref: { type: 'ref/resource', uri }, argument: { name: 'a', value: 'b' } },
    })),
    { method: 'resources/read', name: 'x', params: { uri: longestUri } },
  ];
  const wire = new Wire(port);
  for (const request of requests) {
    if (!wire.isOpen) break;
    const exchange = await wire.exchange(
      encodeRequest({ ...request, server: hostileServer }, { port, accessToken: own }),
      false,
    );
    const fault = findFault(exchange);
    if (fault !== undefined)
      report.findings.push(`${what}: ${request.method}: ${fault}: ${exchange.body.slice(0, 300)}`);
  }
  wire.close();
}

/** A server that nobody has a reason to ask. */
async function startTrap(onRequest: () => void): Promise<{ url: string; close(): void }> {
  const server = createServer((_, response) => {
    onRequest();
    response.end('{}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
