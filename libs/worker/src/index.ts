export { ErrorCode, JsonRpcError } from '@gatehouse/protocol';
export type { Principal } from '@gatehouse/protocol';
export { StateKeys } from '@gatehouse/runtime';
export type {
  Annotations,
  AudioContent,
  CallToolResult,
  Completion,
  ContentBlock,
  EmbeddedResource,
  GetPromptResult,
  ImageContent,
  InputRequiredResult,
  PromptMessage,
  ReadResourceResult,
  ResourceContents,
  ResourceLink,
  TextContent,
} from './content.ts';
export type {
  BasicContext,
  CallContext,
  ClientCapabilities,
  CompletionContext,
  LoggingLevel,
  ReadContext,
} from './context.ts';
export type {
  CachingHints,
  CompleteOptions,
  PromptOptions,
  ResourceOptions,
  ResourceTemplateOptions,
  ToolOptions,
} from './declarations.ts';
export { ServerChanges } from './changes/server-changes.ts';
export { Complete, Prompt, Resource, ResourceTemplate, Tool } from './decorators.ts';
export type { PromptReturn, ResourceReturn, ToolReturn } from './decorators.ts';
export { ContextMisuseError, ExpectedError, ResourceNotFoundError } from './errors.ts';
export type { Asking } from './questions/asking.ts';
export type { FormAnswer, FormElicitation, UrlAnswer, UrlElicitation } from './questions/elicitation.ts';
export { InputRequired } from './questions/input-required.ts';
export type { InputRequest, InputRequests } from './questions/input-requests.ts';
export type { AnswersTo, AnswerTo, Question, Questions } from './questions/question.ts';
export { RequestStateTooLargeError } from './questions/request-state.ts';
export type { Root } from './questions/roots.ts';
export type {
  CreateMessageParams,
  CreateMessageResult,
  SamplingContent,
  SamplingMessage,
  ToolResultContent,
  ToolUseContent,
} from './questions/sampling.ts';
export type { StartTaskOptions, TaskContext, ToolContext } from './tasks/task-context.ts';
export type { ServerIdentity } from './server/prepare-server.ts';
export type { TestAnswers } from './testing/play-rounds.ts';
export type { EndedTask, FollowedTask } from './testing/followed-task.ts';
export { createTestServer } from './testing/test-server.ts';
export type { TestAnswer, TestCall, TestServer } from './testing/test-server.ts';
export { runWorker } from './process/run-worker.ts';
export type { WorkerOptions } from './process/run-worker.ts';
export { WorkerTransport } from './process/worker-transport.ts';
export type { TransportOptions } from './process/worker-transport.ts';
export { WorkerModule } from './process/worker.module.ts';
export type { ServerOptions } from './process/worker.module.ts';
