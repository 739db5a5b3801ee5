// Owns local accounts: their table, password hashes, second factor, sign-in with throttling, the first administrator. Does
// not own sessions (the provider has them), pages, or who may do what with a role.
import { Module } from '@nestjs/common';
import { Accounts } from './accounts.ts';
import { ChangePassword } from './change-password.ts';
import { Login } from './login.ts';
import { SecondFactor } from './second-factor.ts';
import { SignIn } from './sign-in.ts';

const services = [Accounts, ChangePassword, Login, SecondFactor, SignIn];

@Module({ providers: services, exports: services })
export class AccountsModule {}
