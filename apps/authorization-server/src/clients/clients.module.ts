// Owns what of clients is for people: the route of their logos. Does not own registration and documents, which are steps
// before the provider (provider/request-steps.ts), nor storage, which start-server.ts opens and hands over.
import { Module } from '@nestjs/common';
import { LogoController } from './logos/logo.controller.ts';

@Module({ controllers: [LogoController] })
export class ClientsModule {}
