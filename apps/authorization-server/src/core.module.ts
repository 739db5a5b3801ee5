// Owns what every module injects: settings, logger, DataSource, BoundedAudit, KeyEncryption, ServerSecrets, ClientLogos, ProviderHost. It
// opens nothing itself; start-server.ts opens and hands over.
import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { Logger } from '@gatehouse/runtime';
import { DataSource } from 'typeorm';
import { BoundedAudit } from './audit/bounded-audit.ts';
import { ClientLogos } from './clients/logos/client-logos.ts';
import { LOGGER, SETTINGS } from './config.ts';
import type { Settings } from './config.ts';
import { KeyEncryption } from './keys/key-encryption.ts';
import { ServerSecrets } from './keys/server-secrets.ts';
import { ProviderHost } from './provider/provider-host.ts';

/** What a running authorization server consists of before Nest composes it. */
export interface Core {
  settings: Settings;
  logger: Logger;
  dataSource: DataSource;
  audit: BoundedAudit;
  encryption: KeyEncryption;
  secrets: ServerSecrets;
  logos: ClientLogos;
}

@Global()
@Module({})
export class CoreModule {
  static of(core: Core): DynamicModule {
    return {
      module: CoreModule,
      providers: [
        { provide: SETTINGS, useValue: core.settings },
        { provide: LOGGER, useValue: core.logger },
        { provide: DataSource, useValue: core.dataSource },
        { provide: BoundedAudit, useValue: core.audit },
        { provide: KeyEncryption, useValue: core.encryption },
        { provide: ServerSecrets, useValue: core.secrets },
        { provide: ClientLogos, useValue: core.logos },
        ProviderHost,
      ],
      exports: [SETTINGS, LOGGER, DataSource, BoundedAudit, KeyEncryption, ServerSecrets, ClientLogos, ProviderHost],
    };
  }
}
