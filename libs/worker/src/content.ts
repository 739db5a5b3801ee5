/** What handlers return, in the shapes of MCP 2026-07-28 (schema.ts, the types of the same names). */

/** For whom a block is meant, and how much it matters. */
export interface Annotations {
  audience?: ('user' | 'assistant')[];
  /** From 0 (optional) to 1 (required). */
  priority?: number;
  /** ISO 8601. */
  lastModified?: string;
}

interface BlockMetadata {
  annotations?: Annotations;
  _meta?: Record<string, unknown>;
}

export interface TextContent extends BlockMetadata {
  type: 'text';
  text: string;
}

/** `data` is base64. */
export interface ImageContent extends BlockMetadata {
  type: 'image';
  data: string;
  mimeType: string;
}

/** `data` is base64. */
export interface AudioContent extends BlockMetadata {
  type: 'audio';
  data: string;
  mimeType: string;
}

export interface ResourceLink extends BlockMetadata {
  type: 'resource_link';
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  /** Bytes. */
  size?: number;
}

/** Contents of a resource: `text`, or `blob` in base64. */
export interface ResourceContents {
  uri: string;
  mimeType?: string;
  text?: string;
  blob?: string;
  _meta?: Record<string, unknown>;
}

export interface EmbeddedResource extends BlockMetadata {
  type: 'resource';
  resource: ResourceContents;
}

export type ContentBlock = TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource;

/** A whole tool result, for tools that say more than one value. */
export interface CallToolResult {
  content: ContentBlock[];
  structuredContent?: unknown;
  isError?: boolean;
  _meta?: Record<string, unknown>;
}

/** Asks the client for something; the client retries the request with its answers (MCP 2026-07-28 Multi Round-Trip Requests). */
export interface InputRequiredResult {
  resultType: 'input_required';
  /** Requests by keys that the author chooses; each is `elicitation/create`, `sampling/createMessage` or `roots/list`. */
  inputRequests?: Record<string, { method: string; params?: Record<string, unknown> }>;
  /** Comes back unchanged, and only with the same request of the same caller: it travels sealed. */
  requestState?: string;
  _meta?: Record<string, unknown>;
}

export interface PromptMessage {
  role: 'user' | 'assistant';
  content: ContentBlock;
}

export interface GetPromptResult {
  description?: string;
  messages: PromptMessage[];
  _meta?: Record<string, unknown>;
}

/** A whole `resources/read` result; the hints override those of the decorator. */
export interface ReadResourceResult {
  contents: ResourceContents[];
  /** How long the client may keep it, in milliseconds. */
  ttlMs?: number;
  /** `public` results may be shared between callers. */
  cacheScope?: 'public' | 'private';
  _meta?: Record<string, unknown>;
}

/** A whole completion; `values` beyond the 100th are cut off. */
export interface Completion {
  values: string[];
  /** How many there are in all. */
  total?: number;
  hasMore?: boolean;
}
