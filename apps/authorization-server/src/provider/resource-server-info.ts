import type { ScopeHierarchy } from '@gatehouse/auth';
import { errors } from 'oidc-provider';
import type { KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import type { SigningAlgorithm } from '../keys/signing-algorithm.ts';
import type { KnownResource, Resources } from '../resources/resources.ts';
import { withManager } from '../storage/unit-of-work.ts';
import { accessTokenLifetimeSeconds } from './lifetimes.ts';
import { partsOfChangedScopes } from './partial-scopes.ts';
import type { PartialScopes } from './partial-scopes.ts';
import { requestState } from './request-state.ts';

const maxPartialScopesLength = 2_048;

interface ResourceServerParts {
  dataSource: DataSource;
  resources: Resources;
  hierarchy: ScopeHierarchy;
  signingAlgorithm: SigningAlgorithm;
}

/** What the provider may issue for a resource: oidc-provider's `resourceIndicators.getResourceServerInfo`. */
export function resourceServerInfo({ dataSource, resources, hierarchy, signingAlgorithm }: ResourceServerParts) {
  return async (ctx: KoaContextWithOIDC, uri: string): Promise<ResourceServer> => {
    const resource = resources.find(uri);
    if (!resource) throw new errors.InvalidTarget('this resource is not known');
    if (ctx.oidc.route === 'authorization') checkRequestedScopes(ctx, resource);
    const grantId = ctx.oidc.route === 'token' ? ctx.oidc.entities.Grant?.jti : undefined;
    const scopes =
      grantId === undefined
        ? resource.scopes
        : await consentedScopes(dataSource, ctx, { grantId, resource, hierarchy });
    return {
      scope: scopes.join(' '),
      audience: resource.uri,
      accessTokenTTL: accessTokenLifetimeSeconds,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: signingAlgorithm } },
    };
  };
}

function checkRequestedScopes(ctx: KoaContextWithOIDC, resource: KnownResource): void {
  const asked = [...ctx.oidc.requestParamScopes];
  if (asked.some((scope) => scope === 'openid' || resource.scopes.includes(scope))) return;
  throw new errors.InvalidScope('none of the requested scopes is known', asked.join(' '));
}

/**
 * The scopes of a resource without those that open more now than when the grant was consented to, be it by what they
 * include. Such a scope is left out, so that the client is challenged for what is new and its person is asked again; the
 * token says in a claim of its own that the scope still opens what it opened then (docs/decisions/0032). Should the old
 * tools come back, so does the scope.
 */
async function consentedScopes(
  dataSource: DataSource,
  ctx: KoaContextWithOIDC,
  { grantId, resource, hierarchy }: { grantId: string; resource: KnownResource; hierarchy: ScopeHierarchy },
): Promise<string[]> {
  const granted = ctx.oidc.entities.Grant?.getResourceScope(resource.uri).split(' ').filter(Boolean) ?? [];
  const known = new Set(resource.scopes);
  const included = new Map(
    granted.map((scope) => [scope, hierarchy.expand([scope]).filter((each) => each === scope || known.has(each))]),
  );
  // Scopes that no server brought open no tools that could have changed.
  if ([...included.values()].flat().every((scope) => !scope.includes(':') && known.has(scope))) return granted;
  const rows = await withManager(dataSource, (manager) =>
    manager.query<{ scope: string }[]>(
      `SELECT asked.scope FROM auth.oauth_grant AS present CROSS JOIN unnest($2::text[]) AS asked (scope)
       LEFT JOIN auth.resource_scope AS known ON known.tenant_id = present.tenant_id AND known.scope = asked.scope
       WHERE present.id = $1 AND (known.version IS NULL OR known.version = present.scope_versions->>asked.scope)`,
      [grantId, resource.scopes],
    ),
  );
  const unchanged = new Set(rows.map(({ scope }) => scope));
  const changed = new Map([...included].filter(([, scopes]) => !scopes.every((scope) => unchanged.has(scope))));
  const consented = [...unchanged].filter((scope) => !changed.has(scope));
  if (changed.size === 0) return consented;
  const parts = await withManager(dataSource, (manager) => partsOfChangedScopes(manager, grantId, changed));
  // Tools may have gone, and none have come: then it opens no more than was consented to.
  const isWhole = (scope: string) => parts[scope]?.length === 0;
  const state = requestState(ctx);
  state.withheldScopes = [...changed.keys()].filter((scope) => !isWhole(scope));
  state.partialScopes = thatFit(
    parts,
    state.withheldScopes.filter((scope) => isAskedFor(ctx, scope)),
  );
  return [...consented, ...[...changed.keys()].filter(isWhole)];
}

/** A refresh may ask for less than its token has (RFC 6749 §6). */
function isAskedFor(ctx: KoaContextWithOIDC, scope: string): boolean {
  const { params, requestParamScopes, entities } = ctx.oidc;
  const asked = params?.scope ? requestParamScopes : (entities.RefreshToken ?? entities.AuthorizationCode)?.scopes;
  return asked?.has(scope) ?? false;
}

/** A token travels in a header with every request: what would make it large is withheld as a whole. */
function thatFit(parts: PartialScopes, scopes: string[]): PartialScopes {
  const fitting: PartialScopes = {};
  let room = maxPartialScopesLength;
  for (const scope of scopes) {
    const tools = parts[scope];
    if (!tools) continue;
    room -= JSON.stringify([scope, tools]).length;
    if (room >= 0) fitting[scope] = tools;
  }
  return fitting;
}
