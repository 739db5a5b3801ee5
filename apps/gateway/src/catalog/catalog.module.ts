import type { CatalogView, NatsConnection } from '@gatehouse/messaging';
import { BusMonitor, InstanceRegistry, watchCatalog } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { LOGGER, NATS_CONNECTION } from '../injection-tokens.ts';
import { Catalog } from './catalog.ts';

const CATALOG_VIEW = Symbol('catalog-view');

/**
 * Owns what names mean: the definitions that workers announced, which of them are active, and what each endpoint lists.
 * Does not own who may see or call them (policy), nor the instances behind them (dispatch).
 */
@Module({
  imports: [DispatchModule],
  providers: [
    {
      provide: CATALOG_VIEW,
      inject: [NATS_CONNECTION, BusMonitor, LOGGER],
      useFactory: async (connection: NatsConnection, bus: BusMonitor, logger: Logger) => {
        const view = await watchCatalog(connection, logger);
        bus.addRecoveryStep(() => view.reread());
        return view;
      },
    },
    {
      provide: Catalog,
      inject: [CATALOG_VIEW, InstanceRegistry, LOGGER],
      useFactory: (view: CatalogView, registry: InstanceRegistry, logger: Logger) =>
        new Catalog(view, registry, logger),
    },
  ],
  exports: [Catalog],
})
export class CatalogModule implements OnApplicationShutdown {
  readonly #view: CatalogView;

  constructor(@Inject(CATALOG_VIEW) view: CatalogView) {
    this.#view = view;
  }

  onApplicationShutdown(): void {
    this.#view.close();
  }
}
