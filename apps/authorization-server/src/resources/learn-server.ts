import type { ServerDefinitions } from '@gatehouse/protocol';
import type { DataSource } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { defaultTenant } from '../config.ts';
import { scopesOfServer } from './catalog-scopes.ts';

/**
 * Writes the resource and the scopes of a server. Nothing is removed: scopes stay when workers leave, and a scope that
 * its tools no longer name opens nothing.
 * @returns the scopes that are new or opened something else before.
 */
export async function learnServer(dataSource: DataSource, definitions: ServerDefinitions): Promise<string[]> {
  const { server } = definitions;
  return dataSource.transaction(async (manager) => {
    await manager.query(
      `INSERT INTO auth.protected_resource (tenant_id, server) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      [defaultTenant, server],
    );
    const changed: string[] = [];
    for (const [scope, version] of scopesOfServer(definitions)) {
      const rows = await manager.query<unknown[]>(
        `INSERT INTO auth.resource_scope AS present (tenant_id, scope, server, version) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, scope) DO UPDATE SET version = excluded.version, updated_at = now()
         WHERE present.version <> excluded.version RETURNING scope`,
        [defaultTenant, scope, server, version],
      );
      if (rows.length === 0) continue;
      changed.push(scope);
      const details = { server, scope, version };
      await recordAudit(manager, {
        type: 'scope.learnt',
        tenantId: defaultTenant,
        outcome: 'success',
        actor: 'system',
        details,
      });
    }
    return changed;
  });
}
