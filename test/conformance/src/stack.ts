import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { rolePermissions } from '@gatehouse/messaging';
import type { NatsRole } from '@gatehouse/messaging';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { NatsIdentity } from '@gatehouse/start';
import { aggregateNames } from './aggregate-names.ts';
import { startAppProcess } from '../../support/app-process.ts';
import { startForwardingProxy } from './forwarding-proxy.ts';
import { startTokenIssuer } from '../../support/token-issuer.ts';

const server = 'conformance';
const listedTimeoutMs = 10_000;
const scopes = ['mcp', `${server}:read`, `${server}:write`];

/** NATS, gateway and fixture with authentication on, and two proxies that add the token. */
export interface Stack {
  /** URLs of the fixture's own endpoint and of the aggregated one, whose names are mapped; by what they are. */
  endpoints: Record<string, string>;
  /** The last lines of the gateway's log. */
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
  const workerIdentity = identityOf({ role: 'worker', tenant: 'default', servers: [server] });
  const nats = await startEmbeddedNats({
    dataDir: folder.path,
    durable: false,
    identities: [gatewayIdentity, workerIdentity],
  });
  cleanUps.push(() => nats.stop());
  const issuer = await startTokenIssuer();
  cleanUps.push(() => issuer.close());

  const gatewayPort = await findFreePort();
  const gateway = await startAppProcess('dist/apps/gateway/main.js', 'GATEWAY_ADMIN_PORT', {
    NATS_URL: nats.url,
    ...credentials(gatewayIdentity),
    GATEWAY_PORT: String(gatewayPort),
    AUTH_ISSUER: issuer.issuer,
  });
  cleanUps.push(() => gateway.stop());
  const fixture = await startAppProcess('dist/test/conformance/fixture/main.js', 'WORKER_ADMIN_PORT', {
    NATS_URL: nats.url,
    ...credentials(workerIdentity),
  });
  cleanUps.push(() => fixture.stop());

  // Its public URL by default; a token is valid for exactly one of its resources.
  const resource = `http://localhost:${gatewayPort}/mcp`;
  const serverProxy = await startForwardingProxy({
    gatewayPort,
    accessToken: await issuer.issue(`${resource}/${server}`, scopes),
  });
  cleanUps.push(() => serverProxy.close());
  const aggregateProxy = await startForwardingProxy({
    gatewayPort,
    accessToken: await issuer.issue(resource, scopes),
    translation: aggregateNames(server),
  });
  cleanUps.push(() => aggregateProxy.close());
  const endpoints = {
    [`/mcp/${server}`]: `http://localhost:${serverProxy.port}/mcp/${server}`,
    '/mcp, names mapped': `http://localhost:${aggregateProxy.port}/mcp`,
  };
  for (const url of Object.values(endpoints)) await waitUntilListed(url);
  await requireAuthentication(resource);
  await requireAuthentication(`${resource}/${server}`);
  return {
    endpoints,
    gatewayLog: () => gateway.log(),
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

/** Of one process: replicas would share the key. */
function credentials({ user, password }: NatsIdentity): NodeJS.ProcessEnv {
  return { NATS_USER: user, NATS_PASSWORD: password, GATEHOUSE_STATE_KEYS: randomBytes(32).toString('base64') };
}
