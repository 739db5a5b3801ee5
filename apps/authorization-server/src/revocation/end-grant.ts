import { Provider } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { grantsToEnd } from '../storage/unit-of-work.ts';
import { revoke } from './revoke.ts';

/**
 * Ends a grant because a client revokes a token of it. The provider asks for that with each kind of token, also when an
 * access token is revoked: that one ends alone (RFC 7009 §2.1 leaves it to us), for its client may just be tidy.
 */
export async function endGrantOfRevokedToken(dataSource: DataSource, grantId: string): Promise<void> {
  const oidc = Provider.ctx?.oidc;
  if (oidc?.route === 'revocation' && oidc.entities.AccessToken) return;
  await endGrantAfterwards(dataSource, grantId);
}

/**
 * Ends a grant at the end of the present request, or at once outside of one. A request that presents a code or token
 * holds that row; were it to wait for the grant's row too, two such requests could wait for each other. So every ending
 * is a transaction of its own that takes the grant first.
 */
export async function endGrantAfterwards(dataSource: DataSource, grantId: string): Promise<void> {
  const grants = grantsToEnd();
  if (grants) grants.add(grantId);
  else {
    const ended = { kind: 'grant', id: grantId, tenant: defaultTenant, reason: 'provider' } as const;
    await dataSource.transaction((manager) => revoke(manager, ended));
  }
}
