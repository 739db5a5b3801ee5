import type { NatsConnection } from '@gatehouse/messaging';
import {
  BusMonitor,
  CallClient,
  InstanceRegistry,
  keepTasks,
  TaskGrants,
  TaskIndex,
  TaskStore,
} from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import { StateKeys } from '@gatehouse/runtime';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import { AuthorizationModule } from '../authorization/authorization.module.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import type { GatewaySettings } from '../config.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { LOGGER, NATS_CONNECTION, SETTINGS } from '../injection-tokens.ts';
import { TaskAccess } from './task-access.ts';
import { TaskAdmission } from './task-admission.ts';
import { TaskMethods } from './task-methods.ts';
import { TaskOwners } from './task-owners.ts';

/**
 * Owns tasks (MCP Tasks extension) on the gateway's side: which calls may become one, what clients ask of them, and their
 * ending when nobody else can. Does not own their entries (messaging) nor the work itself (worker).
 */
@Module({
  imports: [AuthorizationModule, CatalogModule, DispatchModule],
  providers: [
    {
      provide: TaskIndex,
      inject: [NATS_CONNECTION, LOGGER],
      useFactory: (connection: NatsConnection, logger: Logger) => new TaskIndex(connection, logger),
    },
    {
      provide: TaskStore,
      inject: [NATS_CONNECTION, BusMonitor, TaskIndex],
      useFactory: async (connection: NatsConnection, bus: BusMonitor, index: TaskIndex) => {
        const store = new TaskStore(connection, index);
        await store.open();
        bus.addRecoveryStep(async () => {
          await store.open();
          // Not waited for: as many tasks as there may be take their time, and calls go on meanwhile.
          void index.reread();
        });
        return store;
      },
    },
    {
      provide: TaskGrants,
      inject: [SETTINGS],
      useFactory: (settings: GatewaySettings) => new TaskGrants(new StateKeys(settings.GATEHOUSE_STATE_KEYS)),
    },
    {
      provide: TaskAdmission,
      inject: [SETTINGS, TaskGrants, TaskIndex],
      useFactory: (settings: GatewaySettings, grants: TaskGrants, index: TaskIndex) =>
        new TaskAdmission(grants, index, {
          maxTasks: settings.GATEWAY_MAX_TASKS_PER_ACCOUNT,
          maxBytes: settings.GATEWAY_MAX_TASK_BYTES_PER_ACCOUNT,
          ttlMs: settings.GATEWAY_TASK_TTL_MS,
        }),
    },
    {
      provide: TaskAccess,
      inject: [NATS_CONNECTION, TaskStore, BusMonitor, LOGGER],
      useFactory: (connection: NatsConnection, store: TaskStore, bus: BusMonitor, logger: Logger) =>
        new TaskAccess(connection, store, bus, logger),
    },
    TaskMethods,
  ],
  exports: [TaskAccess, TaskAdmission, TaskIndex, TaskMethods],
})
export class TasksModule implements OnApplicationShutdown {
  readonly #close: () => void;

  constructor(
    @Inject(NATS_CONNECTION) connection: NatsConnection,
    @Inject(LOGGER) logger: Logger,
    bus: BusMonitor,
    calls: CallClient,
    registry: InstanceRegistry,
    store: TaskStore,
    index: TaskIndex,
    grants: TaskGrants,
    access: TaskAccess,
    admission: TaskAdmission,
  ) {
    let isClosed = false;
    let keeper: ReturnType<typeof keepTasks> | undefined;
    // Who does not know what an account has cannot say whether it may have more. Workers report until somebody can.
    void index.complete.then(() => {
      if (isClosed || connection.isClosed()) return;
      keeper = keepTasks({
        connection,
        store,
        grants,
        admits: (key) => admission.hasRoom(key),
        hasRoom: (key, bytes) => admission.hasRoomFor(key, bytes),
        logger,
      });
    });
    const owners = new TaskOwners({ connection, bus, calls, registry, index, store, access, logger });
    this.#close = () => {
      isClosed = true;
      owners.close();
      index.close();
      if (!connection.isClosed()) keeper?.unsubscribe();
    };
  }

  onApplicationShutdown(): void {
    this.#close();
  }
}
