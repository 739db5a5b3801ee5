import type { ScopeHierarchy } from '@gatehouse/auth';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { EntityManager } from 'typeorm';
import { defaultTenant } from '../config.ts';

/** What an authorization request asks for, as people approve it and consents remember it. */
export interface RequestedAccess {
  tenantId: string;
  oauthClientId: string;
  redirectUri: string;
  /** Canonical resource URI; empty when the request concerns identity alone. */
  resource: string;
  /** Scope to version, with the scopes that those include. */
  scopes: Record<string, string>;
}

/** Scopes without tools behind them have one meaning for ever. */
const versionOfPlainScope = '1';

/**
 * Reads what the present authorization request asks for, with today's version of every scope.
 * @throws InvalidTarget for more than one resource: a token has one audience.
 */
export async function requestedAccess(
  ctx: KoaContextWithOIDC,
  manager: EntityManager,
  hierarchy: ScopeHierarchy,
): Promise<RequestedAccess> {
  const { oidc } = ctx;
  const [resource, ...others] = Object.keys(oidc.resourceServers ?? {});
  if (others.length > 0) throw new errors.InvalidTarget('only one resource may be requested at a time');
  const names = new Set([
    ...oidc.requestParamOIDCScopes,
    ...knownScopes(ctx, resource, hierarchy.expand(resourceScopes(ctx, resource))),
  ]);
  return {
    tenantId: defaultTenant,
    oauthClientId: oidc.client?.clientId ?? '',
    redirectUri: String(oidc.params?.['redirect_uri']),
    resource: resource ?? '',
    scopes: await withVersions(manager, [...names]),
  };
}

/** The requested scopes that the resource knows. */
export function resourceScopes(ctx: KoaContextWithOIDC, resource: string | undefined): string[] {
  return knownScopes(ctx, resource, [...ctx.oidc.requestParamScopes]);
}

function knownScopes(ctx: KoaContextWithOIDC, resource: string | undefined, scopes: string[]): string[] {
  const known = resource === undefined ? undefined : ctx.oidc.resourceServers?.[resource]?.scopes;
  return scopes.filter((scope) => known?.has(scope));
}

/** True when every scope was approved in the version that it has now. */
export function coversScopes(approved: Record<string, string>, requested: Record<string, string>): boolean {
  return Object.entries(requested).every(
    ([scope, version]) => Object.hasOwn(approved, scope) && approved[scope] === version,
  );
}

async function withVersions(manager: EntityManager, names: string[]): Promise<Record<string, string>> {
  // The others have no tools behind them, and no row.
  const ofServers = names.filter((name) => name.includes(':'));
  const rows =
    ofServers.length === 0
      ? []
      : await manager.query<{ scope: string; version: string }[]>(
          'SELECT scope, version FROM auth.resource_scope WHERE tenant_id = $1 AND scope = ANY($2)',
          [defaultTenant, ofServers],
        );
  const versions = new Map(rows.map((row) => [row.scope, row.version]));
  return Object.fromEntries(names.map((name) => [name, versions.get(name) ?? versionOfPlainScope]));
}
