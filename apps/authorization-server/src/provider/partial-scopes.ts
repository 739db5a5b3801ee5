import type { EntityManager } from 'typeorm';

/** By scope: tools that it opens now and did not open, or not as they are, when it was consented to. */
export type PartialScopes = Record<string, string[]>;

/** Digest of each tool by its name. */
type Tools = Record<string, string>;

interface OpenedScope {
  scope: string;
  server: string;
  /** True when it is still in the version that was consented to. */
  isUnchanged: boolean;
  /** Null for a version that nobody remembers, or when the scope was not consented to. */
  consented: Tools | null;
  present: Tools | null;
}

/**
 * What is left of scopes that a grant was given for in other versions. A scope whose former version is not known any more
 * is left out: nothing of it is left.
 * @param changed each with all scopes that it includes, itself among them
 */
export async function partsOfChangedScopes(
  manager: EntityManager,
  grantId: string,
  changed: ReadonlyMap<string, readonly string[]>,
): Promise<PartialScopes> {
  const opened = await manager.query<OpenedScope[]>(
    `SELECT known.scope, known.server, consented.tools AS consented, present.tools AS present,
       known.version IS NOT DISTINCT FROM given.scope_versions->>known.scope AS "isUnchanged"
     FROM auth.oauth_grant AS given
     JOIN auth.resource_scope AS known ON known.tenant_id = given.tenant_id AND known.scope = ANY($2)
     LEFT JOIN auth.scope_version AS present
       ON present.tenant_id = known.tenant_id AND present.scope = known.scope AND present.version = known.version
     LEFT JOIN auth.scope_version AS consented
       ON consented.tenant_id = known.tenant_id AND consented.scope = known.scope
      AND consented.version = given.scope_versions->>known.scope
     WHERE given.id = $1`,
    [grantId, [...new Set([...changed.values()].flat())]],
  );
  const parts = [...changed].map(([scope, included]): [string, string[] | undefined] => {
    const isConsented = opened.some((own) => own.scope === scope && (own.isUnchanged || own.consented !== null));
    return [scope, isConsented ? newTools(opened.filter((each) => included.includes(each.scope))) : undefined];
  });
  return Object.fromEntries(parts.filter((part): part is [string, string[]] => part[1] !== undefined));
}

/**
 * A tool of the same name whose description or input has changed is another tool; one that went from one of these scopes
 * to another is not. Undefined when nobody knows what one of them opens.
 */
function newTools(opened: readonly OpenedScope[]): string[] | undefined {
  if (opened.some(({ isUnchanged, present }) => !isUnchanged && present === null)) return undefined;
  const toolsOf = ({ server }: OpenedScope, tools: Tools | null) =>
    Object.entries(tools ?? {}).map(([name, digest]) => ({ name, key: JSON.stringify([server, name, digest]) }));
  const consented = new Set(opened.flatMap((each) => toolsOf(each, each.consented)).map(({ key }) => key));
  const present = opened.flatMap((each) => toolsOf(each, each.present));
  return [...new Set(present.filter(({ key }) => !consented.has(key)).map(({ name }) => name))];
}
