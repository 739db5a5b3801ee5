import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { canonicalResource } from './canonical-resource.ts';
import { ProtectedResource } from './protected-resource.entity.ts';
import { ResourceScope } from './resource-scope.entity.ts';

/** A resource that tokens may be issued for. */
export interface KnownResource {
  /** Canonical URI, the `aud` of its tokens. */
  uri: string;
  /** Every scope that it knows, `mcp` first. */
  scopes: string[];
}

/** Opens every endpoint: connect and list. */
export const connectScope = 'mcp';

const freshForMs = 1_000;

/**
 * The resources and scopes of the catalog as the rows have them, so that tokens are issued while NATS is down. Questions
 * are answered from a view in memory, for a request that holds a transaction must not wait for another connection.
 */
export class Resources {
  readonly #dataSource: DataSource;
  readonly #gatewayUrl: string;
  #view = new Map<string, KnownResource>();
  #viewedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  /** @param gatewayPublicUrl its `/mcp` is the default resource. */
  constructor(dataSource: DataSource, gatewayPublicUrl: string) {
    this.#dataSource = dataSource;
    this.#gatewayUrl = canonicalResource(gatewayPublicUrl) ?? gatewayPublicUrl;
  }

  /** Canonical URI of the endpoint that offers all servers, or of one server's endpoint. */
  uriOf(server = ''): string {
    return server === '' ? `${this.#gatewayUrl}/mcp` : `${this.#gatewayUrl}/mcp/${server}`;
  }

  /** Writes the row of the resource that offers all servers, and reads what is known. */
  async seed(): Promise<void> {
    await this.#dataSource.query(
      `INSERT INTO auth.protected_resource (tenant_id, server) VALUES ($1, '') ON CONFLICT DO NOTHING`,
      [defaultTenant],
    );
    await this.#read();
  }

  /** Makes the view a second old at most; when the rows cannot be read, the old one serves on. */
  async refresh(): Promise<void> {
    if (performance.now() - this.#viewedAtMs < freshForMs) return;
    this.#reading ??= this.#read()
      .catch(() => undefined)
      .finally(() => {
        this.#reading = undefined;
      });
    await this.#reading;
  }

  /** @param uri in any spelling; undefined when no such resource is known. */
  find(uri: string): KnownResource | undefined {
    const canonical = canonicalResource(uri);
    return canonical === undefined ? undefined : this.#view.get(canonical);
  }

  /** Every scope of every resource. */
  allScopes(): string[] {
    return this.find(this.uriOf())?.scopes ?? [connectScope];
  }

  async #read(): Promise<void> {
    const startedAtMs = performance.now();
    const [resources, scopes] = await Promise.all([
      this.#dataSource.manager.findBy(ProtectedResource, { tenantId: defaultTenant }),
      this.#dataSource.manager.find(ResourceScope, { where: { tenantId: defaultTenant }, order: { scope: 'ASC' } }),
    ]);
    const view = new Map<string, KnownResource>();
    for (const { server } of resources) {
      // The URI follows the present GATEWAY_PUBLIC_URL; the row says that the server exists.
      const uri = this.uriOf(server);
      const own = scopes.filter((scope) => server === '' || scope.server === server).map(({ scope }) => scope);
      view.set(uri, { uri, scopes: [connectScope, ...own] });
    }
    this.#view = view;
    this.#viewedAtMs = startedAtMs;
  }
}
