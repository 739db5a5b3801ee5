import 'reflect-metadata';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type {
  CallToolResult,
  Completion,
  GetPromptResult,
  InputRequiredResult,
  PromptMessage,
  ReadResourceResult,
  ResourceContents,
} from './content.ts';
import type { CallContext, CompletionContext, ReadContext } from './context.ts';
import { declare } from './declarations.ts';
import type { ToolContext } from './tasks/task-context.ts';
import type {
  CompleteOptions,
  Declaration,
  PromptOptions,
  ResourceOptions,
  ResourceTemplateOptions,
  ToolOptions,
} from './declarations.ts';

/** Decorates a method whose parameters and result fit `Handler`; the compiler refuses any other. */
type HandlerDecorator<Handler extends (...parameters: never[]) => unknown> = <Method extends Handler>(
  target: object,
  methodName: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

type OrPromise<Value> = Value | Promise<Value>;

/** The arguments of a tool or prompt that declares none. */
export type NoArguments = StandardSchemaV1<unknown, Record<string, never>>;

/**
 * What a tool may return. With an `output` schema: its value, or a whole result. Without: a string or number (text), content
 * blocks, a whole result, nothing, or any other value, which is shown as JSON.
 */
export type ToolReturn<Output extends StandardSchemaV1 | undefined> = Output extends StandardSchemaV1
  ? StandardSchemaV1.InferInput<Output> | CallToolResult | InputRequiredResult
  : unknown;

/** What a resource may return: text, bytes, or contents (the URI and the MIME type are filled in). */
export type ResourceReturn =
  | string
  | Uint8Array
  | Omit<ResourceContents, 'uri'>
  | ResourceContents[]
  | ReadResourceResult
  | InputRequiredResult;

/** The variables of a URI template, read from its literal type. */
type TemplateVariables<Template extends string> = string extends Template
  ? Record<string, string>
  : Record<VariableNames<Template>, string>;

type VariableNames<Template extends string> = Template extends `${string}{${infer Expression}}${infer Rest}`
  ? (Expression extends `+${infer Name}` ? Name : Expression) | VariableNames<Rest>
  : never;

/** What a prompt may return: the text of one user message, messages, or a whole result. */
export type PromptReturn = string | PromptMessage | PromptMessage[] | GetPromptResult | InputRequiredResult;

/**
 * Offers a method as a tool. It receives the validated arguments and the context. A thrown error answers `isError: true`
 * with its message: throw `ExpectedError` for failures that are part of the tool's work.
 */
export function Tool<
  Input extends StandardSchemaV1 = NoArguments,
  Output extends StandardSchemaV1 | undefined = undefined,
>(
  options: ToolOptions<Input, Output>,
): HandlerDecorator<
  (input: StandardSchemaV1.InferOutput<Input>, context: ToolContext) => OrPromise<ToolReturn<Output>>
> {
  return decorator({ kind: 'tool', options });
}

/** Offers a method as a listed resource. It receives the context. */
export function Resource(
  options: ResourceOptions,
): HandlerDecorator<(context: ReadContext) => OrPromise<ResourceReturn>> {
  return decorator({ kind: 'resource', options });
}

/**
 * Offers a method as all resources of a URI template. It receives the decoded variables, unverified, and the context, and
 * throws `ResourceNotFoundError` where there is nothing.
 */
export function ResourceTemplate<const Template extends string>(
  options: ResourceTemplateOptions<Template>,
): HandlerDecorator<(variables: TemplateVariables<Template>, context: ReadContext) => OrPromise<ResourceReturn>> {
  return decorator({ kind: 'resource-template', options });
}

/** Offers a method as a prompt. It receives the validated arguments and the context. */
export function Prompt<Arguments extends StandardSchemaV1 = NoArguments>(
  options: PromptOptions<Arguments>,
): HandlerDecorator<
  (promptArguments: StandardSchemaV1.InferOutput<Arguments>, context: CallContext) => OrPromise<PromptReturn>
> {
  return decorator({ kind: 'prompt', options });
}

/**
 * Makes a method complete an argument of a prompt or a variable of a resource template of the same server. It receives
 * what the user has typed and returns the best matches first.
 */
export function Complete(
  options: CompleteOptions,
): HandlerDecorator<(typed: string, context: CompletionContext) => OrPromise<string[] | Completion>> {
  return decorator({ kind: 'complete', options });
}

function decorator<Handler extends (...parameters: never[]) => unknown>(
  declaration: Declaration,
): HandlerDecorator<Handler> {
  return (_target, _methodName, descriptor) => {
    if (descriptor.value) declare(descriptor.value, declaration);
  };
}
