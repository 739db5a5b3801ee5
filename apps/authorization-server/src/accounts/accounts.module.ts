// Owns local accounts: their table, password hashes, sign-in with throttling, the first administrator. Does not own
// sessions (the provider has them), pages, or who may do what with a role.
import { Module } from '@nestjs/common';
import { Accounts } from './accounts.ts';
import { SignIn } from './sign-in.ts';

@Module({ providers: [Accounts, SignIn], exports: [Accounts, SignIn] })
export class AccountsModule {}
