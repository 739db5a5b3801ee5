// Owns the page on which people see and change what belongs to their account: connected applications, browsers, second
// factor, password. Does not own what those are: it asks accounts, sessions and revocation.
import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.ts';
import { InteractionsModule } from '../interactions/interactions.module.ts';
import { AccountActions } from './account-actions.ts';
import { AccountController } from './account.controller.ts';
import { AccountPages } from './account-pages.ts';
import { AccountSignIn } from './account-sign-in.ts';
import { AccountVisits } from './account-visit.ts';
import { SecondFactorActions } from './second-factor-actions.ts';

@Module({
  imports: [AccountsModule, InteractionsModule],
  controllers: [AccountController],
  providers: [AccountActions, AccountPages, AccountSignIn, AccountVisits, SecondFactorActions],
})
export class AccountPagesModule {}
