import { StartError } from '@gatehouse/runtime';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { defaultTenant } from '../config.ts';
import type { Command } from './command.ts';
import { renderTable } from './table.ts';

interface ListedScope {
  scope: string;
  server: string;
  /** Digest of the tools that it opens. */
  version: string;
  changed: Date;
}

/** Resources and scopes that workers brought. */
export const scopeCommands: Command[] = [
  {
    name: 'scopes list',
    summary: 'Show the scopes that servers brought; `mcp`, which opens every endpoint, is always there',
    isList: true,
    run: async ({ dataSource }) => {
      const scopes = await dataSource.query<ListedScope[]>(
        `SELECT scope, server, version, updated_at AS changed FROM auth.resource_scope
         WHERE tenant_id = $1 ORDER BY server, scope`,
        [defaultTenant],
      );
      const lines = renderTable(scopes, {
        scope: ({ scope }) => scope,
        server: ({ server }) => server,
        changed: ({ changed }) => changed,
        version: ({ version }) => version,
      });
      return { lines, records: scopes };
    },
  },
  {
    name: 'scopes forget',
    summary:
      'Forget a server that is gone for good: its resource and its scopes; a worker that comes back brings them again',
    operands: ['<server>'],
    run: async ({ dataSource }, input) => {
      const server = input.operand(0);
      const scopes = await dataSource.transaction((manager) => forgetServer(manager, server));
      return { lines: [`${server} is forgotten with ${scopes} scopes; no token is issued for it any more.`] };
    },
  },
];

async function forgetServer(manager: EntityManager, server: string): Promise<number> {
  // Empty is the resource of all servers, which is always there.
  const [, resources] = await manager.query<[unknown[], number]>(
    `DELETE FROM auth.protected_resource WHERE tenant_id = $1 AND server = $2 AND server <> ''`,
    [defaultTenant, server],
  );
  if (resources === 0) throw new StartError(`No server ${server} is known: \`scopes list\` shows them.`);
  const [scopes] = await manager.query<[{ scope: string }[], number]>(
    'DELETE FROM auth.resource_scope WHERE tenant_id = $1 AND server = $2 RETURNING scope',
    [defaultTenant, server],
  );
  await recordAudit(manager, {
    type: 'scope.forgotten',
    tenantId: defaultTenant,
    outcome: 'success',
    details: { server, scopes: scopes.map(({ scope }) => scope) },
  });
  return scopes.length;
}
