import { errors } from 'oidc-provider';
import type { KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import type { KnownResource, Resources } from '../resources/resources.ts';
import { withManager } from '../storage/unit-of-work.ts';
import { accessTokenLifetimeSeconds } from './lifetimes.ts';
import { requestState } from './request-state.ts';

/** What the provider may issue for a resource: oidc-provider's `resourceIndicators.getResourceServerInfo`. */
export function resourceServerInfo(dataSource: DataSource, resources: Resources) {
  return async (ctx: KoaContextWithOIDC, uri: string): Promise<ResourceServer> => {
    const resource = resources.find(uri);
    if (!resource) throw new errors.InvalidTarget('this resource is not known');
    if (ctx.oidc.route === 'authorization') checkRequestedScopes(ctx, resource);
    const grantId = ctx.oidc.route === 'token' ? ctx.oidc.entities.Grant?.jti : undefined;
    const scopes =
      grantId === undefined ? resource.scopes : await consentedScopes(dataSource, ctx, { grantId, resource });
    return {
      scope: scopes.join(' '),
      audience: resource.uri,
      accessTokenTTL: accessTokenLifetimeSeconds,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'ES256' } },
    };
  };
}

function checkRequestedScopes(ctx: KoaContextWithOIDC, resource: KnownResource): void {
  const asked = [...ctx.oidc.requestParamScopes];
  if (asked.some((scope) => scope === 'openid' || resource.scopes.includes(scope))) return;
  throw new errors.InvalidScope('none of the requested scopes is known', asked.join(' '));
}

/**
 * The scopes of a resource without those that open other tools now than when the grant was consented to: a changed
 * scope is left out, so that the client is challenged for it and its person is asked again. Should the old tools come
 * back, so does the scope.
 */
async function consentedScopes(
  dataSource: DataSource,
  ctx: KoaContextWithOIDC,
  { grantId, resource }: { grantId: string; resource: KnownResource },
): Promise<string[]> {
  const rows = await withManager(dataSource, (manager) =>
    manager.query<{ scope: string }[]>(
      `SELECT asked.scope FROM auth.oauth_grant AS present CROSS JOIN unnest($2::text[]) AS asked (scope)
       LEFT JOIN auth.resource_scope AS known ON known.tenant_id = present.tenant_id AND known.scope = asked.scope
       WHERE present.id = $1 AND (known.version IS NULL OR known.version = present.scope_versions->>asked.scope)`,
      [grantId, resource.scopes],
    ),
  );
  const consented = rows.map(({ scope }) => scope);
  const granted = ctx.oidc.entities.Grant?.getResourceScope(resource.uri).split(' ') ?? [];
  requestState(ctx).withheldScopes = granted.filter((scope) => scope !== '' && !consented.includes(scope));
  return consented;
}
