import 'reflect-metadata';
import { natsSettings } from '@gatehouse/messaging';
import {
  commonSettings,
  Health,
  nestLogger,
  port,
  runApp,
  startAdminServer,
  StateKeys,
  stateKeySettings,
  wholeNumber,
} from '@gatehouse/runtime';
import type { Logger, RunningApp } from '@gatehouse/runtime';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { z } from 'zod';
import { workerReady } from '../events.ts';
import { WorkerTransport } from './worker-transport.ts';
import { WorkerModule } from './worker.module.ts';
import type { ServerOptions } from './worker.module.ts';

/** The settings of every worker. */
const workerSettings = {
  ...commonSettings,
  ...natsSettings,
  ...stateKeySettings,
  WORKER_ADMIN_PORT: port(0, 'Port of the probes; 0 takes a free one'),
  WORKER_CONCURRENCY: wholeNumber(64, { min: 1, max: 10_000 }, 'Calls that one worker runs at the same time'),
  WORKER_MAX_TASKS: wholeNumber(
    256,
    { min: 0, max: 100_000 },
    'Tasks of one server that one worker runs at the same time',
  ),
  WORKER_TASK_AFTER_MS: wholeNumber(
    5_000,
    { min: 0, max: 86_400_000 },
    'When a call that still runs becomes a task, if its tool and its client allow it',
  ),
};

type WorkerSettings = z.output<z.ZodObject<typeof workerSettings>>;

/** A process with several servers, or with settings of its own. */
export interface WorkerOptions<Shape extends z.ZodRawShape> {
  /** Name of the process in its logs. */
  name: string;
  /** Environment variables beside those of every worker. */
  settings?: Shape;
  /** Makes the servers once the settings are known; may throw StartError. */
  servers: (settings: z.output<z.ZodObject<Shape>>, logger: Logger) => ServerOptions[] | Promise<ServerOptions[]>;
}

/**
 * Runs a process that offers one server, or several, until SIGTERM or SIGINT; then it finishes its calls and ends. It reads
 * `NATS_URL`, `NATS_USER`, `NATS_PASSWORD`, `GATEHOUSE_STATE_KEYS`, `WORKER_ADMIN_PORT`, `WORKER_CONCURRENCY` and the
 * settings of every process (`--settings` prints them). A mistake in a declaration or a setting is one sentence and exit code 1.
 */
export async function runWorker<Shape extends z.ZodRawShape>(
  worker: ServerOptions | WorkerOptions<Shape>,
): Promise<void> {
  const { name, settings, servers } =
    'servers' in worker ? worker : { name: worker.server, settings: undefined, servers: () => [worker] };
  await runApp({
    name,
    settings: z.object({ ...workerSettings, ...settings }),
    start: async (values, logger) => {
      const own = await servers(values as unknown as z.output<z.ZodObject<Shape>>, logger);
      return startWorker(values, logger, own);
    },
  });
}

async function startWorker(settings: WorkerSettings, logger: Logger, servers: ServerOptions[]): Promise<RunningApp> {
  const root = WorkerModule.forRoot({
    servers,
    nats: { url: settings.NATS_URL, user: settings.NATS_USER, password: settings.NATS_PASSWORD },
    concurrency: settings.WORKER_CONCURRENCY,
    stateKeys: new StateKeys(settings.GATEHOUSE_STATE_KEYS),
    maxTasks: settings.WORKER_MAX_TASKS,
    taskAfterMs: settings.WORKER_TASK_AFTER_MS,
    // The other half is for tasks that must be told to stop.
    taskGraceMs: settings.SHUTDOWN_TIMEOUT_MS / 2,
    logger,
  });
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(root, {
    useFactory: (transport: WorkerTransport) => ({ strategy: transport }),
    inject: [WorkerTransport],
    logger: nestLogger(logger),
    abortOnError: false,
  });
  const transport = app.get(WorkerTransport);
  const health = new Health();
  health.addReadinessCheck('calls', () => transport.findUnready());
  const admin = await startAdminServer({
    settings,
    port: settings.WORKER_ADMIN_PORT,
    portSetting: 'WORKER_ADMIN_PORT',
    health,
  });
  await app.listen();
  health.markStarted();
  workerReady(logger, {
    servers: servers.map(({ server }) => server),
    instance: transport.instance,
    adminPort: admin.port,
  });
  return {
    stop: async () => {
      health.markDraining();
      await app.close();
      await admin.close();
    },
  };
}
