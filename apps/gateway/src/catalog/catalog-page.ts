import type { AdminPage } from '@gatehouse/runtime';
import type { Catalog } from './catalog.ts';

/** What an operator sees at `/catalog` of the admin port: every server, and what of them is not offered and why. */
export function catalogPage(catalog: Catalog): AdminPage {
  const tenants = Object.fromEntries(
    catalog.tenants().map((tenant) => [
      tenant,
      {
        servers: catalog.servers(tenant).map(({ name, digest, definitions, available }) => ({
          name,
          version: definitions.version,
          digest,
          available,
          tools: definitions.tools.length,
          resources: definitions.resources.length,
          resourceTemplates: definitions.resourceTemplates.length,
          prompts: definitions.prompts.length,
        })),
        leftOut: catalog.excluded(tenant),
      },
    ]),
  );
  return { mediaType: 'application/json', body: `${JSON.stringify({ tenants }, undefined, 2)}\n` };
}
