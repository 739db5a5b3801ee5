import type {
  PromptDefinition,
  ResourceDefinition,
  ResourceTemplateDefinition,
  ServerDefinitions,
  ToolDefinition,
} from '@gatehouse/protocol';

/** Which MCP endpoint a request came to: `/mcp` with prefixed names, or `/mcp/<server>` with plain ones. */
export type CatalogEndpoint = { kind: 'aggregate' } | { kind: 'server'; server: string };

/** What a name stands for: the server, the digest that calls are bound to, and the definition behind the name. */
export interface Resolution<Definition> {
  server: string;
  digest: string;
  /** Unprefixed name, or the URI. */
  name: string;
  definition: Definition;
}

/**
 * What owns a URI: a listed resource, a template that it matches, or only the server whose declared prefix is the
 * longest (`definition` is then undefined and the worker decides whether the resource exists).
 */
export type ResourceResolution = Resolution<ResourceDefinition | ResourceTemplateDefinition | undefined>;

/** One server as the catalog knows it. */
export interface CatalogServer {
  name: string;
  /** Digest of the active definitions. */
  digest: string;
  definitions: ServerDefinitions;
  /** False when no instance of the active definitions is ready: it stays listed and calls answer -31001. */
  available: boolean;
}

/** A tool as clients see it: without the fields that are the gateway's own. */
export type ListedTool = Omit<ToolDefinition, 'gatehouse'>;

/**
 * What is announced and not offered, and why: by `/mcp` alone, which leaves it to `/mcp/<server>`, or by every endpoint when
 * `reason` is `invalid-header-annotation`.
 */
export interface Exclusion {
  server: string;
  /** The tool or prompt that is left out; absent when it is the whole server. */
  name?: string;
  reason: 'name-too-long' | 'name-not-portable' | 'uri-overlap' | 'invalid-header-annotation';
  /** The server that claimed the URI first, when `reason` is `uri-overlap`. */
  claimedBy?: string;
  /** What is wrong, when `reason` is `invalid-header-annotation`. */
  detail?: string;
}

/** The lists of one endpoint, in a deterministic order. The arrays stay the same objects until something changes. */
export interface CatalogLists {
  tools: readonly ListedTool[];
  resources: readonly ResourceDefinition[];
  resourceTemplates: readonly ResourceTemplateDefinition[];
  prompts: readonly PromptDefinition[];
}
