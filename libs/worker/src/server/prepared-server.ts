import type { ServerDefinitions } from '@gatehouse/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ServerChanges } from '../changes/server-changes.ts';
import type { CallContext, CompletionContext, ReadContext } from '../context.ts';
import type { CachingHints } from '../declarations.ts';
import type { ToolContext } from '../tasks/task-context.ts';
import type { UriTemplate } from '../resources/uri-template.ts';

/** A method of a provider, bound to its instance. */
export type Handler<Parameters extends unknown[]> = (...parameters: Parameters) => unknown;

export interface PreparedTool {
  name: string;
  input?: StandardSchemaV1;
  output?: StandardSchemaV1;
  singleUseState: boolean;
  task: 'never' | 'optional' | 'required';
  taskAfterMs?: number;
  handle: Handler<[input: unknown, context: ToolContext]>;
}

/** Completers of a prompt or template, by argument. */
export type Completers = Map<string, Handler<[typed: string, context: CompletionContext]>>;

export interface PreparedPrompt {
  name: string;
  schema?: StandardSchemaV1;
  argumentNames: string[];
  completers: Completers;
  handle: Handler<[promptArguments: unknown, context: CallContext]>;
}

interface PreparedResource {
  hints: Required<CachingHints>;
  mimeType?: string;
  handle: Handler<[context: ReadContext]>;
}

interface PreparedTemplate {
  hints: Required<CachingHints>;
  mimeType?: string;
  uriTemplate: UriTemplate;
  completers: Completers;
  handle: Handler<[variables: Record<string, string>, context: ReadContext]>;
}

/** A server whose schemas, templates and definitions were made once: at start, or when they were added. */
export interface PreparedServer {
  definitions: ServerDefinitions;
  /** `serverInfo` of every result (MCP 2026-07-28 schema `ResultMetaObject`). */
  serverInfo: { name: string; version: string; title?: string; description?: string };
  tools: Map<string, PreparedTool>;
  prompts: Map<string, PreparedPrompt>;
  resources: Map<string, PreparedResource>;
  /** The template with the longest literal prefix first. */
  templates: PreparedTemplate[];
  /** What its providers say of it while it runs. */
  changes: ServerChanges;
}

/** A decorated method on its way into a server. */
export interface OfferedMethod {
  /** The method bound to its provider. */
  handle: Handler<unknown[]>;
  methodName: string;
  /** `Class.method`, for sentences about mistakes. */
  where: string;
}
