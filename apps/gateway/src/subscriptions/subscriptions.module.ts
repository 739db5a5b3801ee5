import { Module } from '@nestjs/common';
import { AuthorizationModule } from '../authorization/authorization.module.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { TasksModule } from '../tasks/tasks.module.ts';
import { ListChanges } from './list-changes.ts';
import { Listen } from './listen.ts';
import { ResourceChanges } from './resource-changes.ts';
import { Subscriptions } from './subscriptions.ts';
import { TaskChanges } from './task-changes.ts';

// Owns `subscriptions/listen`: who listens to what, and what is told to whom. Does not own what changes (catalog, workers, tasks),
// nor how a stream is written (endpoint).
@Module({
  imports: [AuthorizationModule, CatalogModule, DispatchModule, TasksModule],
  providers: [Listen, ListChanges, ResourceChanges, Subscriptions, TaskChanges],
  exports: [Listen, Subscriptions],
})
export class SubscriptionsModule {}
