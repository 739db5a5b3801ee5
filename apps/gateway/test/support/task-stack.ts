import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { answerQuestions, principalToken, subjectToken } from '@gatehouse/messaging';
import type { TaskStore } from '@gatehouse/messaging';
import { createLogger, loadSettings } from '@gatehouse/runtime';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import { gatewaySettings } from '../../src/config.ts';
import { startGateway } from '../../src/start-gateway.ts';
import { startFakeIssuer } from './fake-issuer.ts';
import { callMcp } from '../../../../test/support/call-mcp.ts';
import type { Answer } from '../../../../test/support/call-mcp.ts';
import { tellGateways } from '../../../../test/support/tell-gateways.ts';
import { startTaskWorker } from './task-worker.ts';
import { publicUrl, waitUntil } from './test-gateway.ts';

const logger = createLogger('gateway-test', { LOG_LEVEL: process.env.LOG_LEVEL ?? 'fatal', LOG_FORMAT: 'json' });
const tenant = 't1';
const server = 'tasks';

/** What a client that can handle tasks declares. */
export const tasksMeta = {
  'io.modelcontextprotocol/clientCapabilities': {
    elicitation: {},
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
};

/** A NATS of its own, an issuer and any number of gateways and workers of one installation. */
export async function startTaskStack() {
  const folder = makeTemporaryFolder('gatehouse-tasks-');
  const natsOptions = { dataDir: folder.path, port: await findFreePort(), durable: false };
  let nats = await startEmbeddedNats(natsOptions);
  const issuer = await startFakeIssuer();
  await (await tellGateways(nats.url, issuer.issuer)).close();
  const keys = randomBytes(32).toString('base64');
  const cleanUps: (() => Promise<unknown>)[] = [];

  const addGateway = async (settings: Record<string, string> = {}, how: { unready?: boolean } = {}) => {
    const environment = {
      NATS_URL: nats.url,
      AUTH_ISSUER: issuer.issuer,
      GATEHOUSE_STATE_KEYS: keys,
      GATEWAY_PORT: '0',
      GATEWAY_ADMIN_PORT: '0',
      GATEWAY_PUBLIC_URL: publicUrl,
      ...settings,
    };
    const gateway = await startGateway(loadSettings(gatewaySettings, environment), logger);
    let stopping: Promise<void> | undefined;
    const stop = () => (stopping ??= gateway.stop());
    cleanUps.unshift(stop);
    const isReady = async () => (await fetch(`http://127.0.0.1:${gateway.adminPort}/readyz`)).ok;
    if (!how.unready) await waitUntil(isReady);
    return { url: `http://127.0.0.1:${gateway.port}`, stop, isReady };
  };

  const addWorker = async (instance: string, name = server) => {
    const worker = await startTaskWorker({ url: nats.url, tenant, server: name, instance });
    let stopping: Promise<void> | undefined;
    const stop = () => (stopping ??= worker.stop());
    cleanUps.unshift(stop);
    return { stop };
  };

  const addChildWorker = async (instance: string) => {
    const child = spawn(
      process.execPath,
      ['--conditions=@gatehouse/source', path.join(import.meta.dirname, 'child-task-worker.ts')],
      {
        env: { ...process.env, CHILD_WORKER: JSON.stringify({ url: nats.url, tenant, server, instance }) },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const ended = once(child, 'exit');
    const signal = (name: NodeJS.Signals) => child.kill(name);
    const kill = async () => {
      signal('SIGKILL');
      await ended;
    };
    cleanUps.unshift(async () => (child.exitCode === null && child.signalCode === null ? kill() : undefined));
    await Promise.race([
      once(child.stdout, 'data'),
      ended.then(() => Promise.reject(new Error('the child worker ended before it served'))),
    ]);
    return { kill, signal };
  };

  const scope = ['mcp', `${server}:read`, `${server}:write`, `${server}:guarded`].join(' ');
  const token = (claims: Record<string, unknown> = {}) =>
    issuer.sign({ aud: `${publicUrl}/mcp`, tenant, scope, ...claims });

  /** One request of a client that can handle tasks. */
  const request = async (
    gateway: { url: string },
    method: string,
    params: Record<string, unknown>,
    options: { claims?: Record<string, unknown>; meta?: object; path?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> =>
    callMcp(`${gateway.url}${options.path ?? '/mcp'}`, await token(options.claims), method, params, {
      meta: options.meta ?? tasksMeta,
      ...(options.headers && { headers: options.headers }),
    });

  /** Begins a task; resolves with its id. */
  const begin = async (gateway: { url: string }, work: object = {}, tool = 'work'): Promise<string> => {
    const { body } = await request(gateway, 'tools/call', { name: `${server}__${tool}`, arguments: work });
    if (body.result?.resultType !== 'task') throw new Error(`no task: ${JSON.stringify(body)}`);
    return String(body.result.taskId);
  };

  const get = async (gateway: { url: string }, taskId: string): Promise<Record<string, unknown>> => {
    const { body } = await request(gateway, 'tasks/get', { taskId });
    return body.result ?? { error: body.error };
  };

  /** Waits until a task has a status, as a client does. */
  const reach = async (gateway: { url: string }, taskId: string, status: string) => {
    for (;;) {
      const task = await get(gateway, taskId);
      if (task.status === status) return task;
      if (task.status !== 'working' && task.status !== 'input_required') throw new Error(JSON.stringify(task));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  return {
    natsUrl: nats.url,
    server,
    addGateway,
    addWorker,
    addChildWorker,
    token,
    request,
    begin,
    get,
    reach,
    /** Stores answers as a gateway does that dies before it tells the worker. */
    answerSilently: async (store: TaskStore, taskId: string, responses: Record<string, unknown>) => {
      const principal = principalToken({ issuer: issuer.issuer, accountId: 'account-1' });
      const key = { tenant: subjectToken(tenant), principal, taskId: subjectToken(taskId) };
      const stored = await store.change(key, (task) => answerQuestions(task, responses, Date.now()));
      if (!stored?.state.answersUntaken) throw new Error('nothing was answered');
    },
    killNats: async () => {
      process.kill(nats.pid, 'SIGKILL');
      await nats.ended;
    },
    startNats: async () => {
      nats = await startEmbeddedNats(natsOptions);
    },
    /** Waits until the gateway has heard of a worker. */
    listed: (gateway: { url: string }) =>
      waitUntil(async () => {
        const { body } = await request(gateway, 'tools/call', { name: `${server}__plain` });
        return body.result !== undefined;
      }),
    stop: async () => {
      for (const cleanUp of cleanUps) await cleanUp();
      await issuer.close();
      await nats.stop();
      folder.remove();
    },
  };
}

export type TaskStack = Awaited<ReturnType<typeof startTaskStack>>;
