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
 * The resources and scopes of the catalog as the rows have them, so that tokens are issued while NATS is down. A view
 * of the rows is used for a second: another replica may have written them.
 */
export class Resources {
  readonly #dataSource: DataSource;
  readonly #gatewayUrl: string;
  #view: Promise<Map<string, KnownResource>> | undefined;
  #viewedAtMs = 0;

  /** @param gatewayPublicUrl its `/mcp` is the default resource. */
  constructor(dataSource: DataSource, gatewayPublicUrl: string) {
    this.#dataSource = dataSource;
    this.#gatewayUrl = canonicalResource(gatewayPublicUrl) ?? gatewayPublicUrl;
  }

  /** Canonical URI of the endpoint that offers all servers, or of one server's endpoint. */
  uriOf(server = ''): string {
    return server === '' ? `${this.#gatewayUrl}/mcp` : `${this.#gatewayUrl}/mcp/${server}`;
  }

  /** Writes the row of the resource that offers all servers. */
  async seed(): Promise<void> {
    await this.#dataSource.query(
      `INSERT INTO auth.protected_resource (tenant_id, server) VALUES ($1, '') ON CONFLICT DO NOTHING`,
      [defaultTenant],
    );
  }

  /** @param uri in any spelling; undefined when no such resource is known. */
  async find(uri: string): Promise<KnownResource | undefined> {
    const canonical = canonicalResource(uri);
    return canonical === undefined ? undefined : (await this.#current()).get(canonical);
  }

  /** Every scope of every resource. */
  async allScopes(): Promise<string[]> {
    return (await this.find(this.uriOf()))?.scopes ?? [connectScope];
  }

  /** Makes the next question read the rows. */
  forgetView(): void {
    this.#view = undefined;
  }

  #current(): Promise<Map<string, KnownResource>> {
    if (!this.#view || Date.now() - this.#viewedAtMs > freshForMs) {
      this.#viewedAtMs = Date.now();
      const view = this.#read();
      this.#view = view;
      view.catch(() => this.forgetView());
    }
    return this.#view;
  }

  async #read(): Promise<Map<string, KnownResource>> {
    const [resources, scopes] = await Promise.all([
      this.#dataSource.manager.findBy(ProtectedResource, { tenantId: defaultTenant }),
      this.#dataSource.manager.find(ResourceScope, { where: { tenantId: defaultTenant }, order: { scope: 'ASC' } }),
    ]);
    const known = new Map<string, KnownResource>();
    for (const { server } of resources) {
      // The URI follows the present GATEWAY_PUBLIC_URL; the row says that the server exists.
      const uri = this.uriOf(server);
      const own = scopes.filter((scope) => server === '' || scope.server === server).map(({ scope }) => scope);
      known.set(uri, { uri, scopes: [connectScope, ...own] });
    }
    return known;
  }
}
