import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { rolePermissions } from '@gatehouse/messaging';
import type { NatsRole } from '@gatehouse/messaging';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { NatsIdentity } from '@gatehouse/start';
import { aggregateNames } from './aggregate-names.ts';
import { startAppProcess } from '../../support/app-process.ts';
import type { AppProcess } from '../../support/app-process.ts';
import { startForwardingProxy } from './forwarding-proxy.ts';
import type { Translation } from './forwarding-proxy.ts';
import { tellGateways } from '../../support/tell-gateways.ts';
import { startTokenIssuer } from '../../support/token-issuer.ts';

const server = 'conformance';
const listedTimeoutMs = 10_000;
const scopes = ['mcp', `${server}:read`, `${server}:write`];

/** NATS, two gateways and two fixtures with authentication on, and proxies that add the token. */
export interface Stack {
  /** URLs to run the suite against, by what they are. */
  endpoints: Record<string, string>;
  /** The last lines of the gateways' logs. */
  gatewayLog(): string;
  stop(): Promise<void>;
}

/** Starts everything on ephemeral loopback ports. */
export async function startStack(): Promise<Stack> {
  const cleanUps: (() => unknown)[] = [];
  const stop = async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  };
  try {
    return { ...(await start(cleanUps)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(cleanUps: (() => unknown)[]): Promise<Omit<Stack, 'stop'>> {
  const folder = makeTemporaryFolder('gatehouse-conformance-');
  cleanUps.push(() => folder.remove());
  const gatewayIdentity = identityOf({ role: 'gateway' });
  const issuerIdentity = identityOf({ role: 'authorization-server' });
  const workerIdentity = identityOf({ role: 'worker', tenant: 'default', servers: [server] });
  const nats = await startEmbeddedNats({
    dataDir: folder.path,
    durable: false,
    identities: [gatewayIdentity, issuerIdentity, workerIdentity],
  });
  cleanUps.push(() => nats.stop());
  const issuer = await startTokenIssuer();
  cleanUps.push(() => issuer.close());
  await (await tellGateways(nats.url, issuer.issuer, issuerIdentity)).close();

  const gatewayPorts = [await findFreePort(), await findFreePort()];
  const resource = `http://localhost:${gatewayPorts[0]}/mcp`;
  const gatewayEnvironment = {
    ...environmentOf(nats.url, gatewayIdentity),
    GATEWAY_PUBLIC_URL: new URL(resource).origin,
    AUTH_ISSUER: issuer.issuer,
  };
  const workerEnvironment = environmentOf(nats.url, workerIdentity);
  const start = async (program: string, adminPortSetting: string, environment: NodeJS.ProcessEnv) => {
    const started = await startAppProcess(program, adminPortSetting, environment);
    cleanUps.push(() => started.stop());
    return started;
  };
  const gateways: AppProcess[] = [];
  for (const port of gatewayPorts) {
    const environment = { ...gatewayEnvironment, GATEWAY_PORT: String(port) };
    gateways.push(await start('dist/apps/gateway/main.js', 'GATEWAY_ADMIN_PORT', environment));
  }
  for (let worker = 0; worker < 2; worker++) {
    await start('dist/test/conformance/fixture/main.js', 'WORKER_ADMIN_PORT', workerEnvironment);
  }

  const open = async (ports: readonly number[], path: string, translation?: Translation) => {
    // A token is valid for exactly one resource.
    const accessToken = await issuer.issue(`${resource}${path}`, scopes);
    const proxy = await startForwardingProxy({ gatewayPorts: ports, accessToken, ...(translation && { translation }) });
    cleanUps.push(() => proxy.close());
    return `http://localhost:${proxy.port}/mcp${path}`;
  };
  const endpoints = {
    [`/mcp/${server}`]: await open(gatewayPorts.slice(0, 1), `/${server}`),
    [`/mcp/${server}, two replicas in turn`]: await open(gatewayPorts, `/${server}`),
    '/mcp, two replicas in turn, names mapped': await open(gatewayPorts, '', aggregateNames(server)),
  };
  for (const url of Object.values(endpoints)) await waitUntilListed(url);
  await requireAuthentication(resource);
  await requireAuthentication(`${resource}/${server}`);
  return {
    endpoints,
    gatewayLog: () => gateways.map((gateway) => gateway.log()).join('\n'),
  };
}

const listBody = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/list',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
});

function listTools(url: string): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/list',
  };
  return fetch(url, { method: 'POST', headers, body: listBody });
}

/** A worker is ready when it has announced itself; the gateway hears of it a moment later. */
async function waitUntilListed(url: string): Promise<void> {
  const deadline = performance.now() + listedTimeoutMs;
  for (;;) {
    const answer = await listTools(url);
    const text = await answer.text();
    if (text.includes('"test_simple_text"')) return;
    if (performance.now() > deadline)
      throw new Error(`the gateway does not list the fixture: ${answer.status} ${text}`);
    await delay(50);
  }
}

/** The suite could not tell: without the proxy's token nothing may be answered. */
async function requireAuthentication(url: string): Promise<void> {
  const { status } = await listTools(url);
  if (status !== 401) throw new Error(`${url} answers ${status} without a token: authentication is not on`);
}

function identityOf(role: NatsRole): NatsIdentity {
  return { user: role.role, password: randomBytes(24).toString('base64url'), permissions: rolePermissions(role) };
}

/** What replicas of one role share. */
function environmentOf(natsUrl: string, { user, password }: NatsIdentity): NodeJS.ProcessEnv {
  const stateKey = randomBytes(32).toString('base64');
  return { NATS_URL: natsUrl, NATS_USER: user, NATS_PASSWORD: password, GATEHOUSE_STATE_KEYS: stateKey };
}
