import type { NatsConnection } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { AuthorizationModule } from './authorization/authorization.module.ts';
import { CatalogModule } from './catalog/catalog.module.ts';
import type { GatewaySettings } from './config.ts';
import { DispatchModule } from './dispatch/dispatch.module.ts';
import { EndpointModule } from './endpoint/endpoint.module.ts';
import { LOGGER, NATS_CONNECTION, SETTINGS } from './injection-tokens.ts';
import { TelemetryModule } from './telemetry/telemetry.module.ts';

// Owns the composition of the gateway and what all its modules share. Does not own any step of a request.
@Module({})
export class AppModule {
  static of(shared: { settings: GatewaySettings; logger: Logger; connection: NatsConnection }): DynamicModule {
    return {
      module: AppModule,
      global: true,
      imports: [AuthorizationModule, CatalogModule, DispatchModule, EndpointModule, TelemetryModule],
      providers: [
        { provide: SETTINGS, useValue: shared.settings },
        { provide: LOGGER, useValue: shared.logger },
        { provide: NATS_CONNECTION, useValue: shared.connection },
      ],
      exports: [SETTINGS, LOGGER, NATS_CONNECTION],
    };
  }
}
