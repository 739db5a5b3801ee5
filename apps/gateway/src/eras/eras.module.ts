import { Module } from '@nestjs/common';
import { AuthorizationModule } from '../authorization/authorization.module.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { Calls } from '../endpoint/methods/calls.ts';
import { Discover } from '../endpoint/methods/discover.ts';
import { Lists } from '../endpoint/methods/lists.ts';
import { Methods } from '../endpoint/methods/methods.ts';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module.ts';
import { TasksModule } from '../tasks/tasks.module.ts';
import { Eras } from './eras.ts';
import { LegacyBatch } from './legacy-batch.ts';
import { LegacyEra } from './legacy-era.ts';
import { ModernEra } from './modern-era.ts';

// Owns what differs between revisions: which rules apply to a message, and the way to the methods and back. Does not own
// the methods themselves, which know the newest revision only.
@Module({
  imports: [AuthorizationModule, CatalogModule, DispatchModule, SubscriptionsModule, TasksModule],
  providers: [Calls, Discover, Lists, Methods, Eras, LegacyBatch, LegacyEra, ModernEra],
  exports: [Eras],
})
export class ErasModule {}
