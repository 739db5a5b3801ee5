import type { NatsConnection } from '@gatehouse/messaging';
import { BusMonitor, CallClient, InstanceRegistry, UsedStates } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import type { GatewaySettings } from '../config.ts';
import { LOGGER, NATS_CONNECTION, SETTINGS } from '../injection-tokens.ts';
import { CallAdmission } from './call-admission.ts';
import { Dispatch } from './dispatch.ts';
import { SingleUse } from './single-use.ts';
import { StateAllowance } from './state-allowance.ts';

/** Of one account: it would take 180 of them to fill the store of used states. */
const maxStatesPerAccount = 5_000;

/**
 * Owns the way of a call to a worker and back: the health of the bus, who lives there, and which instance gets a call.
 * Does not own what names mean (catalog), who may call (policy), nor how answers reach the client (endpoint).
 */
@Module({
  providers: [
    {
      provide: BusMonitor,
      inject: [NATS_CONNECTION, LOGGER],
      useFactory: (connection: NatsConnection, logger: Logger) => new BusMonitor(connection, logger),
    },
    {
      provide: CallClient,
      inject: [NATS_CONNECTION, BusMonitor, LOGGER],
      useFactory: (connection: NatsConnection, bus: BusMonitor, logger: Logger) =>
        new CallClient(connection, bus, logger),
    },
    {
      provide: InstanceRegistry,
      inject: [NATS_CONNECTION, CallClient, BusMonitor, LOGGER],
      useFactory: (connection: NatsConnection, calls: CallClient, bus: BusMonitor, logger: Logger) =>
        new InstanceRegistry(connection, calls, bus, logger),
    },
    {
      provide: Dispatch,
      inject: [InstanceRegistry, CallClient, BusMonitor, SETTINGS],
      useFactory: (registry: InstanceRegistry, calls: CallClient, bus: BusMonitor, settings: GatewaySettings) =>
        new Dispatch(registry, calls, bus, settings.GATEWAY_MAX_CALL_MS),
    },
    {
      provide: CallAdmission,
      inject: [SETTINGS],
      useFactory: (settings: GatewaySettings) => new CallAdmission(settings.GATEWAY_MAX_CALLS_PER_PRINCIPAL),
    },
    {
      provide: SingleUse,
      inject: [NATS_CONNECTION, BusMonitor, LOGGER],
      useFactory: async (connection: NatsConnection, bus: BusMonitor, logger: Logger) => {
        const states = new UsedStates(connection);
        await states.open();
        bus.addRecoveryStep(() => states.open());
        return new SingleUse(states, new StateAllowance(maxStatesPerAccount), bus, logger);
      },
    },
  ],
  exports: [BusMonitor, CallAdmission, CallClient, InstanceRegistry, Dispatch, SingleUse],
})
export class DispatchModule implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #bus: BusMonitor;
  readonly #calls: CallClient;
  readonly #registry: InstanceRegistry;

  constructor(
    @Inject(BusMonitor) bus: BusMonitor,
    @Inject(CallClient) calls: CallClient,
    @Inject(InstanceRegistry) registry: InstanceRegistry,
  ) {
    this.#bus = bus;
    this.#calls = calls;
    this.#registry = registry;
  }

  /** Every module has added its recovery steps by now. */
  onApplicationBootstrap(): void {
    this.#bus.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#calls.close();
    this.#bus.close();
    this.#registry.close();
  }
}
