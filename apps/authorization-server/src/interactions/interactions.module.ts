// Owns what a person sees between the authorization request and its answer: approval of the client, login, consent, and
// the admission rules behind them. Does not own accounts and passwords, nor grants and tokens once they are saved.
import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AccountsModule } from '../accounts/accounts.module.ts';
import { Admission } from './admission.ts';
import { ApprovalStep } from './approval-step.ts';
import { InteractionPages } from './interaction-pages.ts';
import { InteractionsController } from './interactions.controller.ts';
import { LoginStep } from './login-step.ts';
import { PageErrorFilter } from './page-error.filter.ts';
import { PageFrame } from './page-frame.ts';

@Module({
  imports: [AccountsModule],
  controllers: [InteractionsController],
  providers: [
    Admission,
    ApprovalStep,
    InteractionPages,
    LoginStep,
    PageFrame,
    { provide: APP_FILTER, useClass: PageErrorFilter },
  ],
  exports: [Admission, PageFrame],
})
export class InteractionsModule {}
