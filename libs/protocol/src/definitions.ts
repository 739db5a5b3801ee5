/**
 * What one server offers, as workers announce it and the gateway lists it. The shapes are those of MCP 2026-07-28
 * (schema.ts `Tool`, `Resource`, `ResourceTemplate`, `Prompt`); fields under `gatehouse` never reach a client.
 */

/** MCP 2026-07-28 schema `Icon`. */
export interface Icon {
  src: string;
  mimeType?: string;
  sizes?: string[];
  theme?: 'light' | 'dark';
}

/** A JSON Schema 2020-12 document. */
export type JsonSchema = { [keyword: string]: unknown };

/** MCP 2026-07-28 schema `ToolAnnotations`. */
export interface ToolAnnotations {
  title?: string;
  readOnlyHint?: boolean;
  destructiveHint?: boolean;
  idempotentHint?: boolean;
  openWorldHint?: boolean;
}

/** MCP 2026-07-28 schema `ClientCapabilities`, as far as a tool can require them. */
export interface RequiredClientCapabilities {
  elicitation?: { form?: object; url?: object };
  sampling?: { tools?: object; context?: object };
  roots?: object;
  extensions?: Record<string, object>;
}

/** What the gateway needs to know of a tool and the client does not. */
export interface ToolDispatch {
  /** Longest run in milliseconds without progress (design: 60 s unless the tool says otherwise). */
  timeoutMs?: number;
  /** Scopes that a call needs; by default `<server>:read` for read-only tools and `<server>:write` for all others. */
  scopes?: string[];
  /** Refused with -32021 when the client has not declared them. */
  requiresClientCapabilities?: RequiredClientCapabilities;
  /** Whether a call may or must be able to become a task (MCP Tasks extension); never when absent. */
  task?: 'optional' | 'required';
  /** Life of such a task in milliseconds (design: 1 h unless the tool says otherwise). */
  taskTtlMs?: number;
  /** The gateway lets each `requestState` reach the tool once. */
  singleUseState?: boolean;
}

export interface ToolDefinition {
  name: string;
  title?: string;
  description?: string;
  icons?: Icon[];
  inputSchema: JsonSchema;
  outputSchema?: JsonSchema;
  annotations?: ToolAnnotations;
  _meta?: Record<string, unknown>;
  gatehouse?: ToolDispatch;
}

export interface ResourceDefinition {
  uri: string;
  name: string;
  title?: string;
  description?: string;
  icons?: Icon[];
  mimeType?: string;
  annotations?: Record<string, unknown>;
  size?: number;
  _meta?: Record<string, unknown>;
}

export interface ResourceTemplateDefinition {
  uriTemplate: string;
  name: string;
  title?: string;
  description?: string;
  icons?: Icon[];
  mimeType?: string;
  annotations?: Record<string, unknown>;
  _meta?: Record<string, unknown>;
}

export interface PromptArgumentDefinition {
  name: string;
  title?: string;
  description?: string;
  required?: boolean;
}

export interface PromptDefinition {
  name: string;
  title?: string;
  description?: string;
  icons?: Icon[];
  arguments?: PromptArgumentDefinition[];
  _meta?: Record<string, unknown>;
}

/** Everything that one server offers; its content digest is its identity in the catalog. */
export interface ServerDefinitions {
  /** `[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?`, without underscore. */
  server: string;
  title?: string;
  version: string;
  description?: string;
  /** Guidance for models, relayed by `server/discover`. */
  instructions?: string;
  /** True when some prompt argument or template variable can be completed. */
  completions: boolean;
  /** True when handlers may send `notifications/message`. */
  logging: boolean;
  /** URI prefixes that this server owns; by default those of its resources and templates. */
  uriPrefixes: string[];
  tools: ToolDefinition[];
  resources: ResourceDefinition[];
  resourceTemplates: ResourceTemplateDefinition[];
  prompts: PromptDefinition[];
}
