import type { ClaimingServer } from './aggregate.ts';
import { aggregate } from './aggregate.ts';
import { EndpointCatalog } from './endpoint-catalog.ts';
import { rejectInvalidTools } from './rejected-tools.ts';
import type { CatalogEndpoint, Exclusion } from './resolution.ts';

/** Everything that one tenant's endpoints list and resolve, as long as no active definitions change. */
export class TenantCatalog {
  /** Ordered by name. */
  readonly servers: readonly ClaimingServer[];
  readonly excluded: readonly Exclusion[];
  readonly #aggregate: EndpointCatalog;
  readonly #byServer: Map<string, EndpointCatalog>;

  constructor(servers: readonly ClaimingServer[]) {
    const screened = servers.map((server) => ({ ...server, ...rejectInvalidTools(server.definitions) }));
    const { catalog, excluded } = aggregate(screened);
    this.servers = servers;
    this.excluded = [...screened.flatMap(({ rejected }) => rejected), ...excluded];
    this.#aggregate = catalog;
    this.#byServer = new Map(screened.map((server) => [server.name, new EndpointCatalog([server], (_, name) => name)]));
  }

  endpoint(endpoint: CatalogEndpoint): EndpointCatalog | undefined {
    return endpoint.kind === 'aggregate' ? this.#aggregate : this.#byServer.get(endpoint.server);
  }

  /** True when these are the servers, definitions and order of claims that it was made of. */
  isMadeOf(servers: readonly ClaimingServer[]): boolean {
    return (
      servers.length === this.servers.length &&
      servers.every((server, place) => {
        const own = this.servers[place];
        return own?.name === server.name && own.digest === server.digest && own.claimedAt === server.claimedAt;
      })
    );
  }
}
