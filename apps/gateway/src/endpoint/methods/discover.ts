import { supportedVersions } from '@gatehouse/protocol';
import { Injectable } from '@nestjs/common';
import { Catalog } from '../../catalog/catalog.ts';
import type { CatalogEndpoint, CatalogServer } from '../../catalog/resolution.ts';
import { cachingHints } from './caching-hints.ts';
import { tasksCapability } from '../../tasks/tasks-extension.ts';
import { resultMeta } from './server-info.ts';

/** What an endpoint can do, in the words that every revision shares. */
export interface EndpointDescription {
  server: CatalogServer | undefined;
  completions: boolean;
  logging: boolean;
  instructions: string | undefined;
}

/** Describes endpoints: `server/discover`, and what `initialize` says in older eras. */
@Injectable()
export class Discover {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** The result of `server/discover` (MCP 2026-07-28 Discovery §DiscoverResult). */
  result(tenant: string, endpoint: CatalogEndpoint): Buffer {
    const { server, completions, logging, instructions } = this.describe(tenant, endpoint);
    return Buffer.from(
      JSON.stringify({
        resultType: 'complete',
        supportedVersions,
        capabilities: {
          tools: { listChanged: true },
          resources: { listChanged: true, subscribe: true },
          prompts: { listChanged: true },
          ...(completions ? { completions: {} } : {}),
          ...(logging ? { logging: {} } : {}),
          ...tasksCapability,
        },
        instructions,
        ...cachingHints(this.#catalog, tenant),
        _meta: resultMeta(server),
      }),
    );
  }

  describe(tenant: string, endpoint: CatalogEndpoint): EndpointDescription {
    const server = endpoint.kind === 'server' ? this.#catalog.server(tenant, endpoint.server) : undefined;
    const servers = server === undefined ? this.#catalog.servers(tenant) : [server];
    return {
      server,
      completions: servers.some(({ definitions }) => definitions.completions),
      logging: servers.some(({ definitions }) => definitions.logging),
      instructions: server === undefined ? joinInstructions(servers) : server.definitions.instructions,
    };
  }
}

function joinInstructions(servers: readonly CatalogServer[]): string | undefined {
  const parts = servers.flatMap(({ name, definitions: { title, instructions } }) =>
    instructions === undefined ? [] : [`## ${title ?? name} (names begin with ${name}__)\n\n${instructions}`],
  );
  return parts.length === 0 ? undefined : parts.join('\n\n');
}
