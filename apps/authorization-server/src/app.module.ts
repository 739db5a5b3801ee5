// Composes the authorization server: the core that is handed in, accounts, clients, the pages of an interaction
// and that of an account. It owns no provider of its own.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { AccountPagesModule } from './account-pages/account-pages.module.ts';
import { AccountsModule } from './accounts/accounts.module.ts';
import { ClientsModule } from './clients/clients.module.ts';
import { CoreModule } from './core.module.ts';
import type { Core } from './core.module.ts';
import { InteractionsModule } from './interactions/interactions.module.ts';

@Module({})
export class AppModule {
  static of(core: Core): DynamicModule {
    return {
      module: AppModule,
      imports: [CoreModule.of(core), AccountsModule, ClientsModule, InteractionsModule, AccountPagesModule],
    };
  }
}
