import type { ServerDefinitions } from '@gatehouse/protocol';
import type { DataSource, EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { defaultTenant } from '../config.ts';
import { scopesOfServer } from './catalog-scopes.ts';
import type { ScopeContent } from './catalog-scopes.ts';

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
    for (const [scope, content] of scopesOfServer(definitions)) {
      const { version } = content;
      await keepVersion(manager, scope, content);
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

/** Remembers what the present version opens, and since when the others are past. */
async function keepVersion(manager: EntityManager, scope: string, { version, tools }: ScopeContent): Promise<void> {
  await manager.query(
    `INSERT INTO auth.scope_version AS present (tenant_id, scope, version, tools) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant_id, scope, version) DO UPDATE SET superseded_at = NULL WHERE present.superseded_at IS NOT NULL`,
    [defaultTenant, scope, version, JSON.stringify(tools)],
  );
  await manager.query(
    `UPDATE auth.scope_version SET superseded_at = now()
     WHERE tenant_id = $1 AND scope = $2 AND version <> $3 AND superseded_at IS NULL`,
    [defaultTenant, scope, version],
  );
}
