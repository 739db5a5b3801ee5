import type { Adapter } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { ClientAdapter } from '../clients/client-adapter.ts';
import { AccessTokenAdapter } from '../revocation/access-token-adapter.ts';
import { SessionAdapter } from '../sessions/session-adapter.ts';
import { GrantAdapter } from './grant-adapter.ts';
import { RecordAdapter } from './record-adapter.ts';
import { RefreshTokenAdapter } from './refresh-token-adapter.ts';
import { ReplayAdapter } from './replay-adapter.ts';

/** The provider's storage: which table holds which of its models. */
export function createAdapter(
  dataSource: DataSource,
  options: { graceSeconds: number; hasClientDocuments: boolean },
): (model: string) => Adapter {
  return (model) => {
    switch (model) {
      case 'AccessToken':
        return new AccessTokenAdapter(dataSource);
      case 'Client':
        return new ClientAdapter(dataSource, options.hasClientDocuments);
      case 'Grant':
        return new GrantAdapter(dataSource);
      case 'RefreshToken':
        return new RefreshTokenAdapter(dataSource, options.graceSeconds);
      case 'ReplayDetection':
        return new ReplayAdapter(dataSource);
      case 'Session':
        return new SessionAdapter(dataSource);
      default:
        return new RecordAdapter(dataSource, model);
    }
  };
}
