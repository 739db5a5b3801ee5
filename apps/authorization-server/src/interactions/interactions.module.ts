// Owns the pages between the authorization request and its answer. It does not own accounts or tokens.
import { Module } from '@nestjs/common';

@Module({})
export class InteractionsModule {}
