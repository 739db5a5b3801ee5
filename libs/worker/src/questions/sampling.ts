import { z } from 'zod';
import type { AudioContent, ContentBlock, ImageContent, TextContent } from '../content.ts';
import { ContextMisuseError } from '../errors.ts';
import type { PreparedQuestion } from './question.ts';

/** MCP 2026-07-28 schema `ToolUseContent`: the model wants a tool of `CreateMessageParams.tools` to run. */
export interface ToolUseContent {
  type: 'tool_use';
  id: string;
  name: string;
  input: Record<string, unknown>;
  _meta?: Record<string, unknown>;
}

/** MCP 2026-07-28 schema `ToolResultContent`: what that tool answered. */
export interface ToolResultContent {
  type: 'tool_result';
  toolUseId: string;
  content: ContentBlock[];
  structuredContent?: unknown;
  isError?: boolean;
  _meta?: Record<string, unknown>;
}

/** MCP 2026-07-28 schema `SamplingMessageContentBlock`. */
export type SamplingContent = TextContent | ImageContent | AudioContent | ToolUseContent | ToolResultContent;

/** MCP 2026-07-28 schema `SamplingMessage`. A message with tool results may have nothing else in it. */
export interface SamplingMessage {
  role: 'user' | 'assistant';
  content: SamplingContent | SamplingContent[];
  _meta?: Record<string, unknown>;
}

/** MCP 2026-07-28 schema `CreateMessageRequestParams`: what the client's model is asked. */
export interface CreateMessageParams {
  messages: SamplingMessage[];
  maxTokens: number;
  modelPreferences?: {
    /** Model names or parts of them, the best first. */
    hints?: { name?: string }[];
    /** Each from 0 (unimportant) to 1. */
    costPriority?: number;
    speedPriority?: number;
    intelligencePriority?: number;
  };
  systemPrompt?: string;
  /** Anything but `none` is deprecated, and needs a client that declares `sampling.context`. */
  includeContext?: 'none' | 'thisServer' | 'allServers';
  temperature?: number;
  stopSequences?: string[];
  metadata?: Record<string, unknown>;
  /** Needs a client that declares `sampling.tools`. */
  tools?: { name: string; description?: string; inputSchema: Record<string, unknown> }[];
  /** Needs a client that declares `sampling.tools`. */
  toolChoice?: { mode?: 'auto' | 'required' | 'none' };
}

/** MCP 2026-07-28 schema `CreateMessageResult`: what the client's model said. */
export interface CreateMessageResult extends SamplingMessage {
  model: string;
  /** `endTurn`, `stopSequence`, `maxTokens`, `toolUse` or a word of the model's provider. */
  stopReason?: string;
}

const block = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), text: z.string() }),
  z.looseObject({ type: z.literal('image'), data: z.string(), mimeType: z.string() }),
  z.looseObject({ type: z.literal('audio'), data: z.string(), mimeType: z.string() }),
  z.looseObject({
    type: z.literal('tool_use'),
    id: z.string(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()),
  }),
  z.looseObject({ type: z.literal('tool_result'), toolUseId: z.string(), content: z.array(z.unknown()) }),
]);

const createMessageResult = z.looseObject({
  role: z.enum(['user', 'assistant']),
  content: z.union([block, z.array(block)]),
  model: z.string(),
  stopReason: z.string().optional(),
});

/** @throws ContextMisuseError for messages that no client may be sent: a fault of the handler */
export function prepareSample(key: string, params: CreateMessageParams): Pick<PreparedQuestion, 'request' | 'read'> {
  const fault = findFault(params.messages);
  if (fault !== undefined) throw new ContextMisuseError(`The question "${key}" cannot be asked: ${fault}.`);
  return { request: { method: 'sampling/createMessage', params: { ...params } }, read: readSample };
}

/** MCP 2026-07-28 Sampling §Message Content Constraints. */
function findFault(messages: SamplingMessage[]): string | undefined {
  let unanswered: ReadonlySet<string> = new Set();
  for (const { role, content } of messages) {
    const blocks = Array.isArray(content) ? content : [content];
    const results = blocks.filter((one) => one.type === 'tool_result');
    if (results.length > 0 && (role !== 'user' || results.length < blocks.length)) {
      return 'results of tools stand alone, in a message of the user';
    }
    const answered = new Set(results.map(({ toolUseId }) => toolUseId));
    const balanced = answered.size === unanswered.size && [...answered].every((id) => unanswered.has(id));
    if (!balanced) return 'each use of a tool is followed by its result';
    unanswered = new Set(blocks.flatMap((one) => (one.type === 'tool_use' ? [one.id] : [])));
  }
  return unanswered.size > 0 ? 'each use of a tool is followed by its result' : undefined;
}

function readSample(response: unknown): { answer: CreateMessageResult } | undefined {
  const { data } = createMessageResult.safeParse(response);
  // Fields that it does not know stay.
  return data && { answer: data as unknown as CreateMessageResult };
}
