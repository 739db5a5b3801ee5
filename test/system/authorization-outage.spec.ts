import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { rolePermissions } from '@gatehouse/messaging';
import type { NatsRole } from '@gatehouse/messaging';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { EmbeddedNats, NatsIdentity } from '@gatehouse/start';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../security/stack/database.ts';
import { startAppProcess } from '../support/app-process.ts';
import type { AppProcess } from '../support/app-process.ts';
import { Browser } from '../support/authorization/browser.ts';
import { jsonOf } from '../support/authorization/http.ts';
import { administrator, gatewayUrl, sendInTurn } from '../support/authorization/issuer.ts';
import type { Issuer } from '../support/authorization/issuer.ts';
import { McpClient } from '../support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../support/authorization/mcp-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { buildProjects } from '../support/build-projects.ts';
import { callMcp } from '../support/call-mcp.ts';

const cleanUps: (() => unknown)[] = [];
const authorizationServers = new Map<number, AppProcess>();
const gateways: string[] = [];
let client: McpClient;
let startAuthorizationServer: () => Promise<void>;
let startGateway: () => Promise<string>;
let restartNatsWithoutData: () => Promise<void>;

/** Two authorization servers and two gateways, each a process of its own with the identity of its role. */
beforeAll(async () => {
  buildProjects('apps/authorization-server', 'apps/gateway');
  const folder = makeTemporaryFolder('gatehouse-outage-');
  cleanUps.push(() => folder.remove());
  const database = await createDatabase();
  cleanUps.push(() => database.drop());
  const identities = { server: identityOf({ role: 'authorization-server' }), gateway: identityOf({ role: 'gateway' }) };
  const natsOptions = {
    dataDir: folder.path,
    port: await findFreePort(),
    durable: false,
    identities: Object.values(identities),
  };
  let nats: EmbeddedNats = await startEmbeddedNats(natsOptions);
  cleanUps.push(() => nats.stop());
  restartNatsWithoutData = async () => {
    process.kill(nats.pid, 'SIGKILL');
    await nats.ended;
    rmSync(path.join(folder.path, 'jetstream'), { recursive: true });
    nats = await startEmbeddedNats(natsOptions);
  };
  const busOf = ({ user, password }: NatsIdentity) => ({
    NATS_URL: nats.url,
    NATS_USER: user,
    NATS_PASSWORD: password,
  });
  const ports = () => [...authorizationServers.keys()];
  const balancer = await startBalancer(ports);
  cleanUps.push(() => balancer.stop());
  const issuer = `http://localhost:${balancer.port}`;
  const start = async (app: string, prefix: string, environment: NodeJS.ProcessEnv) => {
    const port = await findFreePort();
    const settings = { ...environment, AUTH_ISSUER: issuer, [`${prefix}_PORT`]: String(port) };
    const started = await startAppProcess(`dist/apps/${app}/main.js`, `${prefix}_ADMIN_PORT`, settings);
    cleanUps.push(() => started.stop());
    return { port, started };
  };
  const keys = { encryption: randomBytes(32).toString('base64'), state: randomBytes(32).toString('base64') };
  startAuthorizationServer = async () => {
    const { port, started } = await start('authorization-server', 'AUTH', {
      ...busOf(identities.server),
      DATABASE_URL: database.url,
      GATEWAY_PUBLIC_URL: gatewayUrl,
      GATEHOUSE_ENCRYPTION_KEY: keys.encryption,
      GATEHOUSE_ADMIN_EMAIL: administrator.email,
      GATEHOUSE_ADMIN_PASSWORD: administrator.password,
    });
    authorizationServers.set(port, started);
  };
  startGateway = async () => {
    const { port } = await start('gateway', 'GATEWAY', {
      ...busOf(identities.gateway),
      GATEWAY_PUBLIC_URL: gatewayUrl,
      GATEHOUSE_STATE_KEYS: keys.state,
    });
    return `http://127.0.0.1:${port}/mcp`;
  };
  await Promise.all([startAuthorizationServer(), startAuthorizationServer()]);
  gateways.push(...(await Promise.all([startGateway(), startGateway()])));
  const both: Issuer = { issuer, send: sendInTurn(issuer, ports) };
  client = await McpClient.register(both, {}, new Browser(both));
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

function identityOf(role: NatsRole): NatsIdentity {
  return { user: role.role, password: randomBytes(24).toString('base64url'), permissions: rolePermissions(role) };
}

const statusAt = async (url: string, { access_token: token }: TokenAnswer) =>
  (await callMcp(url, token, 'tools/list')).status;
const statusesOf = (tokens: TokenAnswer, urls = gateways) => Promise.all(urls.map((url) => statusAt(url, tokens)));
const revoke = async ({ refresh_token: token }: TokenAnswer) => {
  const answer = await client.postForm('/token/revocation', { token, client_id: client.oauthClientId });
  expect(answer.status).toBe(200);
};

describe('two authorization servers and two gateways', () => {
  let revoked: TokenAnswer;
  let living: TokenAnswer;

  it('refuse a revoked token within a second on every gateway, whichever server revoked it', async () => {
    const tookMs: number[] = [];
    for (let round = 0; round < 4; round++) {
      revoked = await client.obtainTokens();
      expect(await statusesOf(revoked)).toEqual([200, 200]);
      await revoke(revoked);
      const revokedAt = performance.now();
      await Promise.all(
        gateways.map(async (url) => {
          while ((await statusAt(url, revoked)) !== 401);
          tookMs.push(performance.now() - revokedAt);
        }),
      );
    }
    expect(tookMs).toHaveLength(8);
    expect(Math.max(...tookMs)).toBeLessThan(1_000);
  });

  it('know of every revocation again when NATS lost all it had', async () => {
    living = await client.obtainTokens();
    expect(await statusesOf(living)).toEqual([200, 200]);
    await restartNatsWithoutData();
    const backAt = performance.now();
    while ((await statusesOf(living)).some((status) => status !== 200) || (await isRefused(living)));
    expect(performance.now() - backAt).toBeLessThan(5_000);
    expect(await statusesOf(revoked)).toEqual([401, 401]);
    const newcomer = await startGateway();
    expect(await statusesOf(living, [newcomer])).toEqual([200]);
    expect(await statusesOf(revoked, [newcomer])).toEqual([401]);
  });

  it('serve valid tokens while every authorization server is dead, on a gateway that starts then too', async () => {
    for (const server of authorizationServers.values()) {
      server.child.kill('SIGKILL');
      await server.ended;
    }
    authorizationServers.clear();
    gateways.push(await startGateway());
    // For longer than a gateway may go without NATS: that the authorization server is silent is no reason to refuse.
    const until = performance.now() + 2_500;
    while (performance.now() < until) {
      expect(await statusesOf(living)).toEqual([200, 200, 200]);
      expect(await isRefused(living)).toBe(false);
      expect(await statusesOf(revoked)).toEqual([401, 401, 401]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  it('go on with refreshes when one is back, without a new login', async () => {
    await startAuthorizationServer();
    const answer = await client.refresh(living.refresh_token);
    expect(answer.status).toBe(200);
    const refreshed = jsonOf(answer) as TokenAnswer;
    expect(await statusesOf(refreshed)).toEqual([200, 200, 200]);
    await revoke(refreshed);
    const revokedAt = performance.now();
    while ((await statusesOf(refreshed)).some((status) => status !== 401));
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
  });
});

/** True when a gateway answers that it cannot say what the token is worth. */
async function isRefused({ access_token: token }: TokenAnswer): Promise<boolean> {
  const answers = await Promise.all(gateways.map((url) => callMcp(url, token, 'tools/list')));
  return answers.some(({ body }) => body.error !== undefined);
}
