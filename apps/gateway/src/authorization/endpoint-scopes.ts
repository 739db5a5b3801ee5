import { Injectable } from '@nestjs/common';
import { Catalog } from '../catalog/catalog.ts';
import type { CatalogEndpoint } from '../catalog/resolution.ts';
import { connectScope, scopesOfServers } from '../policy/required-scopes.ts';

/** Whoever has no token yet belongs to no tenant: challenges and metadata speak of this one. */
const anonymousTenant = 'default';

/** Which scopes an endpoint asks of a newcomer. */
@Injectable()
export class EndpointScopes {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /**
   * All scopes that calls at this endpoint can need, so that one approval is enough.
   * Deviation: MCP 2026-07-28 Authorization §Scope Selection Strategy asks for the minimal set (docs/decisions/0007).
   */
  scopesOf(endpoint: CatalogEndpoint): string[] {
    if (endpoint.kind === 'aggregate')
      return scopesOfServers(this.#catalog.servers(anonymousTenant).map(({ definitions }) => definitions));
    const server = this.#catalog.server(anonymousTenant, endpoint.server);
    return server === undefined ? [connectScope] : scopesOfServers([server.definitions]);
  }

  /** The title of an endpoint's server; undefined when there is no such server. */
  titleOf(endpoint: CatalogEndpoint): string | undefined {
    if (endpoint.kind === 'aggregate') return 'Gatehouse';
    const server = this.#catalog.server(anonymousTenant, endpoint.server);
    return server && (server.definitions.title ?? server.name);
  }
}
