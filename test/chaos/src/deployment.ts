import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { rolePermissions } from '@gatehouse/messaging';
import type { NatsRole } from '@gatehouse/messaging';
import { findFreePort, makeTemporaryFolder } from '@gatehouse/start';
import type { NatsIdentity } from '@gatehouse/start';
import type { JWTPayload } from 'jose';
import { startAppProcess } from '../../support/app-process.ts';
import type { AppProcess } from '../../support/app-process.ts';
import { NatsProcess } from './nats-process.ts';
import { probeOptions } from '../../support/probed-process.ts';
import { tellGateways } from '../../support/tell-gateways.ts';
import { startTokenIssuer } from '../../support/token-issuer.ts';
import type { TokenIssuer } from '../../support/token-issuer.ts';
import { callTool } from './tool-call.ts';
import type { Caller } from './tool-call.ts';

/** A gateway with the port on which it serves. */
export interface GatewayProcess extends AppProcess {
  port: number;
}

/** What a deployment is made of. */
export interface DeploymentOptions {
  gateways?: number;
  workers?: number;
  /** `max_payload` of NATS, in bytes. */
  maxPayloadBytes?: number;
  /** Receives what gateways and workers log. */
  onLog?: (text: string) => void;
  /** Further users of NATS. */
  identities?: NatsIdentity[];
}

const server = 'ledger';
/** Both replicas are one service, so one token is valid at both. */
const publicUrl = 'http://gatehouse.test';
const scopes = ['mcp', `${server}:read`, `${server}:write`];
const gatewayRole: NatsRole = { role: 'gateway' };
const workerRole: NatsRole = { role: 'worker', tenant: 'default', servers: [server] };
const settleTimeoutMs = 15_000;

/** Gateways, workers with the ledger server, NATS and an issuer, each a process of its own but the issuer. */
export class Deployment {
  readonly ledgerFile: string;
  readonly nats: NatsProcess;
  readonly gateways: GatewayProcess[] = [];
  readonly workers: AppProcess[] = [];
  accessToken = '';
  readonly #issuer: TokenIssuer;
  readonly #revisionFile: string;
  #revision = 0;
  readonly #onLog: (text: string) => void;
  readonly #wanted: { gateways: number; workers: number };
  readonly #environments: Record<'gateway' | 'worker', NodeJS.ProcessEnv>;
  readonly #cleanUps: (() => unknown)[];

  private constructor(
    options: DeploymentOptions,
    folder: string,
    nats: NatsProcess,
    issuer: TokenIssuer,
    identities: Record<'gateway' | 'worker', NatsIdentity>,
    cleanUps: (() => unknown)[],
  ) {
    this.#wanted = { gateways: options.gateways ?? 2, workers: options.workers ?? 4 };
    this.ledgerFile = path.join(folder, 'ledger');
    this.#revisionFile = path.join(folder, 'revision');
    this.nats = nats;
    this.#issuer = issuer;
    this.#onLog = options.onLog ?? (() => {});
    const keysOf = () => ({ GATEHOUSE_STATE_KEYS: randomBytes(32).toString('base64') });
    this.#environments = {
      gateway: {
        ...busOf(nats, identities.gateway),
        ...keysOf(),
        GATEWAY_PUBLIC_URL: publicUrl,
        AUTH_ISSUER: issuer.issuer,
      },
      worker: {
        ...busOf(nats, identities.worker),
        ...keysOf(),
        LEDGER_FILE: this.ledgerFile,
        LEDGER_REVISION_FILE: this.#revisionFile,
      },
    };
    this.#cleanUps = cleanUps;
  }

  static async start(options: DeploymentOptions = {}): Promise<Deployment> {
    const folder = makeTemporaryFolder('gatehouse-chaos-');
    const identities = { gateway: identityOf(gatewayRole), worker: identityOf(workerRole) };
    const issuerIdentity = identityOf({ role: 'authorization-server' });
    const nats = await NatsProcess.start({
      dataDir: folder.path,
      durable: false,
      identities: [...Object.values(identities), issuerIdentity, ...(options.identities ?? [])],
      ...(options.maxPayloadBytes === undefined ? {} : { maxPayloadBytes: options.maxPayloadBytes }),
    });
    const issuer = await startTokenIssuer();
    await (await tellGateways(nats.url, issuer.issuer, issuerIdentity)).close();
    const cleanUps = [() => folder.remove(), () => nats.stop(), () => issuer.close()];
    const deployment = new Deployment(options, folder.path, nats, issuer, identities, cleanUps);
    deployment.accessToken = await deployment.issueToken();
    try {
      await deployment.heal();
    } catch (error) {
      await deployment.stop();
      throw error;
    }
    return deployment;
  }

  /** A token of another account each time, valid at every gateway; `claims` make it another one. */
  issueToken(claims?: JWTPayload, resource = `${publicUrl}/mcp/${server}`): Promise<string> {
    return this.#issuer.issue(resource, scopes, claims);
  }

  /** Someone who calls the gateway with this number. */
  caller(gateway: number): Caller {
    return { gateway, port: this.gateway(gateway).port, accessToken: this.accessToken };
  }

  gateway(index: number): GatewayProcess {
    return this.gateways[index] as GatewayProcess;
  }

  worker(index: number): AppProcess {
    return this.workers[index] as AppProcess;
  }

  /** Starts a worker in a place that is free, or whose worker has ended. */
  async startWorker(index: number, settings: { slowness?: number } = {}): Promise<AppProcess> {
    const environment = { ...this.#environments.worker, LEDGER_SLOWNESS: String(settings.slowness ?? 1) };
    const file = 'dist/test/chaos/ledger-worker/main.js';
    return (this.workers[index] = await startAppProcess(file, 'WORKER_ADMIN_PORT', environment, {
      onLog: this.#onLog,
    }));
  }

  async startGateway(index: number): Promise<GatewayProcess> {
    const port = await findFreePort();
    const environment = { ...this.#environments.gateway, GATEWAY_PORT: String(port) };
    const started = await startAppProcess('dist/apps/gateway/main.js', 'GATEWAY_ADMIN_PORT', environment, {
      nodeOptions: probeOptions,
      onLog: this.#onLog,
    });
    return (this.gateways[index] = Object.assign(started, { port }));
  }

  /** Starts whatever does not run, and waits until every gateway uses every worker. */
  async heal(): Promise<void> {
    const starts: Promise<unknown>[] = [];
    for (let index = 0; index < this.#wanted.gateways; index++)
      if (!this.gateways[index]?.runs) starts.push(this.startGateway(index));
    for (let index = 0; index < this.#wanted.workers; index++)
      if (!this.workers[index]?.runs) starts.push(this.startWorker(index));
    await Promise.all(starts);
    await this.waitForWorkers(this.workers);
  }

  /** Changes what the workers list, and what their resource says, without a word over NATS. */
  changeServer(): void {
    writeFileSync(this.#revisionFile, String(++this.#revision));
    for (const worker of this.workers) if (worker.runs) process.kill(worker.pid, 'SIGUSR2');
  }

  /** Waits until calls of every gateway reach each of these workers. */
  async waitForWorkers(workers: AppProcess[]): Promise<void> {
    const deadline = performance.now() + settleTimeoutMs;
    for (const index of this.gateways.keys()) {
      const missing = new Set(workers.map(({ pid }) => String(pid)));
      while (missing.size > 0) {
        const calls = Array.from({ length: 2 * workers.length }, () =>
          callTool(this.caller(index), 'append', { key: `warm-up-${randomBytes(8).toString('hex')}`, holdMs: 20 }),
        );
        for (const { text } of await Promise.all(calls)) missing.delete(text ?? '');
        if (missing.size > 0 && performance.now() > deadline)
          throw new Error(`gateway ${index} never reaches worker ${[...missing].join(', ')}\n${this.logs()}`);
        if (missing.size > 0) await delay(50);
      }
    }
  }

  /** The ends of all logs, for a failure that needs explaining. */
  logs(): string {
    const gateways = this.gateways.map((gateway, index) => `gateway ${index}:\n${gateway.log()}`);
    return [...gateways, ...this.workers.map((worker, index) => `worker ${index}:\n${worker.log()}`)].join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.gateways, ...this.workers].map((process) => process.stop()));
    for (const cleanUp of this.#cleanUps.toReversed()) await cleanUp();
  }
}

function identityOf(role: NatsRole): NatsIdentity {
  return { user: role.role, password: randomBytes(24).toString('base64url'), permissions: rolePermissions(role) };
}

function busOf({ url }: NatsProcess, { user, password }: NatsIdentity): NodeJS.ProcessEnv {
  return { NATS_URL: url, NATS_USER: user, NATS_PASSWORD: password };
}
