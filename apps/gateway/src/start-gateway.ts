import 'reflect-metadata';
import { connectNats, inboxPrefix, TaskIndex } from '@gatehouse/messaging';
import { Health, nestLogger, startAdminServer } from '@gatehouse/runtime';
import type { Logger, RunningApp } from '@gatehouse/runtime';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.ts';
import { Revocations } from './authorization/revocations.ts';
import { TokenAuthentication } from './authorization/token-authentication.ts';
import { catalogPage } from './catalog/catalog-page.ts';
import { Catalog } from './catalog/catalog.ts';
import type { GatewaySettings } from './config.ts';
import { Dispatch } from './dispatch/dispatch.ts';
import { HttpListener } from './endpoint/http-listener.ts';

/** A gateway that listens, with the ports that it got. */
export interface RunningGateway extends RunningApp {
  port: number;
  adminPort: number;
}

/**
 * Starts the gateway: the bus, the catalog, then the public port. It stops in the opposite order, so that calls in flight
 * still have their bus.
 * @throws StartError in one sentence for what the operator can mend
 */
export async function startGateway(settings: GatewaySettings, logger: Logger): Promise<RunningGateway> {
  await using started = new AsyncDisposableStack();
  const health = new Health();
  const admin = await startAdminServer({
    settings,
    port: settings.GATEWAY_ADMIN_PORT,
    portSetting: 'GATEWAY_ADMIN_PORT',
    health,
  });
  started.defer(() => admin.close());
  const connection = await connectNats({
    servers: settings.NATS_URL,
    user: settings.NATS_USER,
    password: settings.NATS_PASSWORD,
    name: 'gatehouse-gateway',
    inboxPrefix: inboxPrefix({ role: 'gateway' }),
    logger,
  });
  started.defer(() => connection.close());
  const app = await NestFactory.createApplicationContext(AppModule.of({ settings, logger, connection }), {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  started.defer(() => app.close());
  const catalog = app.get(Catalog);
  admin.addPage('/catalog', () => catalogPage(catalog));
  const listener = app.get(HttpListener);
  await listener.start();
  addReadinessChecks(health, settings, app);
  health.markStarted();
  started.defer(() => health.markDraining());
  const running = started.move();
  return { port: listener.port, adminPort: admin.port, stop: () => running.disposeAsync() };
}

function addReadinessChecks(health: Health, settings: GatewaySettings, app: INestApplicationContext): void {
  const dispatch = app.get(Dispatch);
  const authentication = app.get(TokenAuthentication);
  health.addReadinessCheck('bus', () => dispatch.unreadyReason());
  health.addReadinessCheck('issuer', () =>
    authentication.ready ? undefined : `the signing keys of ${settings.AUTH_ISSUER} could not be fetched yet`,
  );
  const tasks = app.get(TaskIndex);
  health.addReadinessCheck('tasks', () => tasks.unreadyReason());
  const revocations = app.get(Revocations);
  health.addReadinessCheck('revocations', () => revocations.unreadyReason());
}
