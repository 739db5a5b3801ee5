import type {
  PromptDefinition,
  ResourceDefinition,
  ResourceTemplateDefinition,
  ServerDefinitions,
  ToolDefinition,
} from '@gatehouse/protocol';
import type { CatalogLists, ListedTool, Resolution, ResourceResolution } from './resolution.ts';
import { claimsOf, UriClaims } from './uri-claims.ts';
import { templateMatcher } from './uri-template.ts';
import type { TemplateMatcher } from './uri-template.ts';

/** Parts of templates that one URI is compared with: hundreds of ordinary templates, a few dozen that are made to be slow. */
const maxMatchedParts = 1_024;

/** One server's active definitions, as an endpoint offers them. */
export interface OfferedServer {
  name: string;
  digest: string;
  definitions: ServerDefinitions;
}

/** How an endpoint names a server's tools and prompts; undefined leaves one out. */
export type Naming = (server: string, name: string) => string | undefined;

interface UriOwner {
  server: OfferedServer;
  templates: { definition: ResourceTemplateDefinition; matcher: TemplateMatcher }[];
}

/** What one MCP endpoint lists and resolves, prepared once for all requests. */
export class EndpointCatalog {
  readonly lists: CatalogLists;
  readonly #tools = new Map<string, Resolution<ToolDefinition>>();
  readonly #prompts = new Map<string, Resolution<PromptDefinition>>();
  readonly #resources = new Map<string, ResourceResolution>();
  readonly #owners = new UriClaims<UriOwner>();

  constructor(servers: readonly OfferedServer[], naming: Naming) {
    const tools: ListedTool[] = [];
    const prompts: PromptDefinition[] = [];
    const resources: ResourceDefinition[] = [];
    const resourceTemplates: ResourceTemplateDefinition[] = [];
    for (const server of servers) {
      const { definitions } = server;
      for (const tool of definitions.tools) {
        const name = naming(server.name, tool.name);
        if (name === undefined) continue;
        const { gatehouse: _, ...visible } = tool;
        tools.push({ ...visible, name });
        this.#tools.set(name, resolution(server, tool.name, tool));
      }
      for (const prompt of definitions.prompts) {
        const name = naming(server.name, prompt.name);
        if (name === undefined) continue;
        prompts.push({ ...prompt, name });
        this.#prompts.set(name, resolution(server, prompt.name, prompt));
      }
      resources.push(...definitions.resources);
      resourceTemplates.push(...definitions.resourceTemplates);
      this.#addResources(server);
    }
    this.lists = { tools, prompts, resources, resourceTemplates };
  }

  tool(name: string): Resolution<ToolDefinition> | undefined {
    return this.#tools.get(name);
  }

  prompt(name: string): Resolution<PromptDefinition> | undefined {
    return this.#prompts.get(name);
  }

  /** A listed resource (or a template by its own text), else a template that matches, else the owner of the prefix. */
  resource(uri: string): ResourceResolution | undefined {
    const listed = this.#resources.get(uri);
    if (listed) return listed;
    const owner = this.#owners.ownerOf(uri);
    if (!owner) return undefined;
    return resolution(owner.server, uri, findTemplate(owner, uri));
  }

  #addResources(server: OfferedServer): void {
    const { resources, resourceTemplates } = server.definitions;
    for (const template of resourceTemplates) {
      this.#resources.set(template.uriTemplate, resolution(server, template.uriTemplate, template));
    }
    for (const resource of resources) this.#resources.set(resource.uri, resolution(server, resource.uri, resource));
    const templates = resourceTemplates.map((definition) => ({
      definition,
      matcher: templateMatcher(definition.uriTemplate),
    }));
    for (const claim of claimsOf(server.definitions)) this.#owners.add(claim, { server, templates });
  }
}

/**
 * The first template that matches. Templates come from workers and URIs from clients, who may both be after the time
 * of this process: what is not found within the limit belongs to the server all the same, which looks for itself.
 */
function findTemplate({ templates }: UriOwner, uri: string): ResourceTemplateDefinition | undefined {
  let partsLeft = maxMatchedParts;
  for (const { definition, matcher } of templates) {
    if (!uri.startsWith(matcher.prefix)) continue;
    partsLeft -= matcher.parts;
    if (partsLeft < 0) return undefined;
    if (matcher.matches(uri)) return definition;
  }
  return undefined;
}

function resolution<Definition>(server: OfferedServer, name: string, definition: Definition): Resolution<Definition> {
  return { server: server.name, digest: server.digest, name, definition };
}
