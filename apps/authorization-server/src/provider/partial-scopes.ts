import type { EntityManager } from 'typeorm';

/** By scope: tools that it opens now and did not open, or not as they are, when it was consented to. */
export type PartialScopes = Record<string, string[]>;

interface ChangedScope {
  scope: string;
  consented: Record<string, string>;
  present: Record<string, string>;
}

/**
 * What is left of scopes that a grant was given for in other versions. A scope whose former version is not known any more
 * is left out: nothing of it is left.
 */
export async function partsOfChangedScopes(
  manager: EntityManager,
  grantId: string,
  scopes: string[],
): Promise<PartialScopes> {
  const changed = await manager.query<ChangedScope[]>(
    `SELECT known.scope, consented.tools AS consented, present.tools AS present
     FROM auth.oauth_grant AS given
     JOIN auth.resource_scope AS known ON known.tenant_id = given.tenant_id AND known.scope = ANY($2)
     JOIN auth.scope_version AS present
       ON present.tenant_id = known.tenant_id AND present.scope = known.scope AND present.version = known.version
     JOIN auth.scope_version AS consented
       ON consented.tenant_id = known.tenant_id AND consented.scope = known.scope
      AND consented.version = given.scope_versions->>known.scope
     WHERE given.id = $1`,
    [grantId, scopes],
  );
  return Object.fromEntries(changed.map(({ scope, consented, present }) => [scope, newTools(consented, present)]));
}

/** A tool of the same name whose description or input has changed is another tool. */
function newTools(consented: Record<string, string>, present: Record<string, string>): string[] {
  return Object.entries(present)
    .filter(([name, digest]) => !Object.hasOwn(consented, name) || consented[name] !== digest)
    .map(([name]) => name);
}
