import { maxUriLength } from '@gatehouse/messaging';
import type { AnnouncedServer, CatalogView, DefinitionsVersion, InstanceRegistry } from '@gatehouse/messaging';
import { defaultTenant } from '@gatehouse/protocol';
import type { PromptDefinition, ToolDefinition } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import type { ClaimingServer } from './aggregate.ts';
import { logExclusion } from './events.ts';
import type {
  CatalogEndpoint,
  CatalogLists,
  CatalogServer,
  Exclusion,
  Resolution,
  ResourceResolution,
} from './resolution.ts';
import { TenantCatalog } from './tenant-catalog.ts';

const nothing: CatalogLists = { tools: [], resources: [], resourceTemplates: [], prompts: [] };

/**
 * What names mean, per tenant and endpoint, from the active definitions of every server. The active ones are the newest
 * whose instances are ready; until then the previous ones serve. A server without instances stays listed.
 */
export class Catalog {
  readonly #view: CatalogView;
  readonly #registry: InstanceRegistry;
  readonly #logger: Logger;
  /** The active digest of each server, kept while no version has a ready instance. */
  #active = new Map<string, string>();
  #tenants = new Map<string, TenantCatalog>();
  readonly #reported = new Set<string>();
  readonly #listeners: ((tenant: string, before: TenantCatalog | undefined) => void)[] = [];

  constructor(view: CatalogView, registry: InstanceRegistry, logger: Logger) {
    this.#view = view;
    this.#registry = registry;
    this.#logger = logger;
    view.onChange(() => this.#update());
    registry.onChange(() => this.#update());
    this.#update();
  }

  /** Calls `listener` after the active definitions of a tenant changed, with what there was before. */
  onChange(listener: (tenant: string, before: TenantCatalog | undefined) => void): void {
    this.#listeners.push(listener);
  }

  /** Everything of one tenant as it is now; it never changes, the next one takes its place. */
  tenant(tenant: string): TenantCatalog | undefined {
    return this.#tenants.get(tenant);
  }

  /** The servers of a tenant, ordered by name. */
  servers(tenant: string): CatalogServer[] {
    return (this.#tenants.get(tenant)?.servers ?? []).map((server) => this.#described(tenant, server));
  }

  server(tenant: string, name: string): CatalogServer | undefined {
    const server = this.#tenants.get(tenant)?.servers.find((candidate) => candidate.name === name);
    return server && this.#described(tenant, server);
  }

  /** Everything that an endpoint lists; the arrays stay the same objects until something in them changes. */
  lists(tenant: string, endpoint: CatalogEndpoint): CatalogLists {
    return this.#tenants.get(tenant)?.endpoint(endpoint)?.lists ?? nothing;
  }

  /** What a tool's name stands for at this endpoint; undefined when it is unknown. */
  resolveTool(tenant: string, endpoint: CatalogEndpoint, name: string): Resolution<ToolDefinition> | undefined {
    return this.#tenants.get(tenant)?.endpoint(endpoint)?.tool(name);
  }

  resolvePrompt(tenant: string, endpoint: CatalogEndpoint, name: string): Resolution<PromptDefinition> | undefined {
    return this.#tenants.get(tenant)?.endpoint(endpoint)?.prompt(name);
  }

  /** Who owns a URI (or a listed URI template) at this endpoint; undefined when nobody does, or when it is too long. */
  resolveResource(tenant: string, endpoint: CatalogEndpoint, uri: string): ResourceResolution | undefined {
    if (uri.length > maxUriLength) return undefined;
    return this.#tenants.get(tenant)?.endpoint(endpoint)?.resource(uri);
  }

  /** The tenants that have a server. */
  tenants(): string[] {
    return [...this.#tenants.keys()];
  }

  /** What of this tenant's servers is not offered, and why. */
  excluded(tenant: string): readonly Exclusion[] {
    return this.#tenants.get(tenant)?.excluded ?? [];
  }

  /** True in an installation without tenants: all servers there are belong to the default one, and so does this caller. */
  isTheOnlyTenant(tenant: string): boolean {
    return tenant === defaultTenant && this.#tenants.size === 1 && this.#tenants.has(defaultTenant);
  }

  #described(tenant: string, { name, digest, definitions }: ClaimingServer): CatalogServer {
    return { name, digest, definitions, available: this.#registry.isReady(tenant, name, digest) };
  }

  #update(): void {
    const active = new Map<string, string>();
    const byTenant = new Map<string, ClaimingServer[]>();
    for (const server of this.#view.servers()) {
      const version = this.#activeVersion(server);
      active.set(`${server.tenant} ${server.name}`, version.digest);
      const { name, claimedAt } = server;
      const { digest, definitions } = version;
      byTenant.set(server.tenant, [...(byTenant.get(server.tenant) ?? []), { name, claimedAt, digest, definitions }]);
    }
    this.#active = active;
    const before = this.#tenants;
    this.#tenants = new Map(
      [...byTenant].map(([tenant, servers]) => {
        const known = before.get(tenant);
        return [tenant, known?.isMadeOf(servers) ? known : this.#build(tenant, servers)];
      }),
    );
    for (const tenant of new Set([...before.keys(), ...this.#tenants.keys()])) {
      const known = before.get(tenant);
      if (known === this.#tenants.get(tenant)) continue;
      for (const listener of this.#listeners) listener(tenant, known);
    }
  }

  /** The newest version with a ready instance; else the one that was active; else the newest. */
  #activeVersion({ tenant, name, versions }: AnnouncedServer): DefinitionsVersion {
    const previous = this.#active.get(`${tenant} ${name}`);
    const version =
      versions.find(({ digest }) => this.#registry.isReady(tenant, name, digest)) ??
      versions.find(({ digest }) => digest === previous) ??
      versions[0];
    if (!version) throw new Error(`server ${name} was announced without definitions`);
    return version;
  }

  #build(tenant: string, servers: ClaimingServer[]): TenantCatalog {
    const catalog = new TenantCatalog(servers);
    for (const exclusion of catalog.excluded) {
      const key = JSON.stringify([tenant, exclusion]);
      if (!this.#reported.has(key)) logExclusion(this.#logger, { tenant, ...exclusion });
      this.#reported.add(key);
    }
    return catalog;
  }
}
