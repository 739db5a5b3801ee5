import { Module } from '@nestjs/common';
import { AuthorizationModule } from '../authorization/authorization.module.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module.ts';
import { GatewayGauges } from './gateway-gauges.ts';

// Owns what the gateway tells about itself: the names of its metrics and the spans of its requests. Does not own how they are
// read or sent (runtime), nor what they are about.
@Module({
  imports: [AuthorizationModule, CatalogModule, DispatchModule, SubscriptionsModule],
  providers: [GatewayGauges],
})
export class TelemetryModule {}
