import type { Icon, JsonSchema, RequiredClientCapabilities, ToolAnnotations } from '@gatehouse/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What every offer says of itself. */
interface Description {
  /** For people; the name is shown when it is absent. */
  title?: string;
  /** For models and people: what it does, when to use it. */
  description: string;
  icons?: Icon[];
  _meta?: Record<string, unknown>;
}

export interface ToolOptions<
  Input extends StandardSchemaV1 = StandardSchemaV1,
  Output extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined,
> extends Description {
  /** `[A-Za-z0-9_.-]{1,128}`, the method's name when absent. */
  name?: string;
  /** Any Standard Schema of an object; arguments that do not fit never reach the method. Without it the tool takes none. */
  input?: Input;
  /** What clients see instead of `input`'s own JSON Schema, for libraries or constraints that do not convert. */
  inputSchema?: JsonSchema;
  /** Any Standard Schema of the value that the method returns; it becomes `structuredContent`. */
  output?: Output;
  /** What clients see instead of `output`'s own JSON Schema. */
  outputSchema?: JsonSchema;
  /** Trusted for own workers: read-only and idempotent tools are called again when a worker dies under them. */
  annotations?: ToolAnnotations;
  /**
   * The tool's own scopes without the server's name: `approve` of the server `orders` is `orders:approve`. When absent, a
   * call needs `<server>:read` if `readOnlyHint` is set and `<server>:write` otherwise.
   */
  scopes?: string[];
  /** Longest run without progress, in milliseconds; 60 s when absent. */
  timeoutMs?: number;
  /**
   * Whether a call may go on as a task (MCP Tasks extension): by `startTask` of the context, or by itself when it outlives
   * `taskAfterMs`. `optional`: for clients that can follow tasks, all others wait for the result; `required`: clients that
   * cannot are refused with -32021; `never` when absent.
   */
  task?: 'never' | 'optional' | 'required';
  /** When a call that still runs becomes a task by itself, in milliseconds; `WORKER_TASK_AFTER_MS` when absent. */
  taskAfterMs?: number;
  /** Life of a task from its creation, in milliseconds: its work and its result together; `GATEWAY_TASK_TTL_MS` when absent. */
  taskTtlMs?: number;
  /** Calls of clients that lack them are refused before they reach the worker. */
  requiresClientCapabilities?: RequiredClientCapabilities;
  /**
   * Lets each `requestState` of this tool be used once: for retries that must not run twice, such as a redemption. The price is
   * one stored key per retry. Answers that come without a state do not count, for only a state can be used up.
   */
  singleUseState?: boolean;
}

/** How long and between whom the contents may be cached (MCP 2026-07-28 Caching). */
export interface CachingHints {
  /** Milliseconds for which clients may keep what they read; 0 when absent. */
  ttlMs?: number;
  /**
   * `public` only for contents that are the same for every caller. A result is `private` when this is absent, and whenever
   * the method looked at the context's `principal` or `clientCapabilities`.
   */
  cacheScope?: 'public' | 'private';
}

export interface ResourceOptions extends Description, CachingHints {
  uri: string;
  /** The method's name when absent. */
  name?: string;
  mimeType?: string;
  /** MCP 2026-07-28 schema `Annotations`. */
  annotations?: Record<string, unknown>;
  /** Bytes. */
  size?: number;
}

export interface ResourceTemplateOptions<Template extends string = string> extends Description, CachingHints {
  /** `{name}` stands for text without reserved characters, `{+name}` for any text, such as a path. */
  uriTemplate: Template;
  /** The method's name when absent. */
  name?: string;
  /** Only when it is the same for every resource of the template. */
  mimeType?: string;
  /** MCP 2026-07-28 schema `Annotations`. */
  annotations?: Record<string, unknown>;
}

export interface PromptOptions<Arguments extends StandardSchemaV1 = StandardSchemaV1> extends Description {
  /** `[A-Za-z0-9_.-]{1,128}`, the method's name when absent. */
  name?: string;
  /** Any Standard Schema of an object of strings. */
  arguments?: Arguments;
  /** The JSON Schema from which arguments are listed, for libraries that do not convert. */
  argumentsSchema?: JsonSchema;
}

/** Names the prompt argument or the template variable that a method completes. */
export type CompleteOptions = { prompt: string; argument: string } | { uriTemplate: string; argument: string };

/** What a decorator leaves on a method. */
export type Declaration =
  | { kind: 'tool'; options: ToolOptions }
  | { kind: 'resource'; options: ResourceOptions }
  | { kind: 'resource-template'; options: ResourceTemplateOptions }
  | { kind: 'prompt'; options: PromptOptions }
  | { kind: 'complete'; options: CompleteOptions };

const metadataKey = 'gatehouse:declarations';

/** Adds a declaration to a method. */
export function declare(method: object, declaration: Declaration): void {
  const declared = (Reflect.getOwnMetadata(metadataKey, method) ?? []) as Declaration[];
  // Decorators of one method are evaluated from the last to the first.
  Reflect.defineMetadata(metadataKey, [declaration, ...declared], method);
}

/** A declaration with the method that carries it. */
interface DeclaredMethod {
  declaration: Declaration;
  methodName: string;
}

/** The declarations of a provider's methods, inherited ones included, in the order of the source. */
export function declarationsOf(instance: object): DeclaredMethod[] {
  const methods = new Map<string, unknown>();
  for (let level = Object.getPrototypeOf(instance); level && level !== Object.prototype;) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level as object))) {
      if (typeof value === 'function' && !methods.has(name)) methods.set(name, value);
    }
    level = Object.getPrototypeOf(level);
  }
  return [...methods].flatMap(([methodName, method]) =>
    ((Reflect.getOwnMetadata(metadataKey, method as object) ?? []) as Declaration[]).map((declaration) => ({
      declaration,
      methodName,
    })),
  );
}
