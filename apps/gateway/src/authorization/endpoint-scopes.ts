import { Inject, Injectable } from '@nestjs/common';
import { Catalog } from '../catalog/catalog.ts';
import type { CatalogEndpoint } from '../catalog/resolution.ts';
import type { GatewaySettings } from '../config.ts';
import { SETTINGS } from '../injection-tokens.ts';
import { firstScopes } from '../policy/required-scopes.ts';
import type { FirstScopes } from '../policy/required-scopes.ts';

/** Whoever has no token yet belongs to no tenant: challenges and metadata speak of this one. */
const anonymousTenant = 'default';

/** Which scopes an endpoint asks of a newcomer. */
@Injectable()
export class EndpointScopes {
  readonly #kind: FirstScopes;
  readonly #catalog: Catalog;

  constructor(@Inject(SETTINGS) settings: GatewaySettings, catalog: Catalog) {
    this.#kind = settings.GATEWAY_FIRST_SCOPES;
    this.#catalog = catalog;
  }

  /** What its challenge of 401 and `scopes_supported` of its metadata name. */
  scopesOf(endpoint: CatalogEndpoint): string[] {
    const servers =
      endpoint.kind === 'aggregate'
        ? this.#catalog.servers(anonymousTenant)
        : [this.#catalog.server(anonymousTenant, endpoint.server)].filter((server) => server !== undefined);
    return firstScopes(
      this.#kind,
      servers.map(({ definitions }) => definitions),
    );
  }

  /** The title of an endpoint's server; undefined when there is no such server. */
  titleOf(endpoint: CatalogEndpoint): string | undefined {
    if (endpoint.kind === 'aggregate') return 'Gatehouse';
    const server = this.#catalog.server(anonymousTenant, endpoint.server);
    return server && (server.definitions.title ?? server.name);
  }
}
