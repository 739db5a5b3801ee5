// Composes the authorization server: the core that is handed in, accounts, clients, and the pages of an interaction.
// It owns no provider of its own.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module.ts';
import { ClientsModule } from './clients/clients.module.ts';
import { CoreModule } from './core.module.ts';
import type { Core } from './core.module.ts';
import { InteractionsModule } from './interactions/interactions.module.ts';

@Module({})
export class AppModule {
  static of(core: Core): DynamicModule {
    return { module: AppModule, imports: [CoreModule.of(core), AccountsModule, ClientsModule, InteractionsModule] };
  }
}
