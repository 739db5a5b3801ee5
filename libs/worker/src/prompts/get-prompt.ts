import { invalidParams, isObject } from '@gatehouse/protocol';
import { readArguments } from '../call-request.ts';
import type { CallRequest } from '../call-request.ts';
import type { GetPromptResult, InputRequiredResult, PromptMessage } from '../content.ts';
import type { CallContext } from '../context.ts';
import { validate } from '../schema.ts';
import type { PreparedPrompt, PreparedServer } from '../server/prepared-server.ts';
import { isInputRequired } from '../tools/tool-result.ts';

/**
 * Answers `prompts/get`.
 * @throws JsonRpcError -32602 for an unknown prompt or arguments that do not fit (MCP 2026-07-28 Prompts §Error Handling)
 */
export async function getPrompt(
  server: PreparedServer,
  name: string,
  request: CallRequest,
  context: CallContext,
): Promise<GetPromptResult | InputRequiredResult> {
  const prompt = server.prompts.get(name);
  if (!prompt) throw invalidParams(`Unknown prompt: ${name}`);
  const returned = await prompt.handle(await checkArguments(prompt, readArguments(request)), context);
  return isInputRequired(returned) ? returned : toResult(returned);
}

async function checkArguments(prompt: PreparedPrompt, given: Record<string, unknown>): Promise<unknown> {
  if (!prompt.schema) return {};
  const validated = await validate(prompt.schema, given);
  if (validated.faults === undefined) return validated.value;
  throw invalidParams(`Invalid arguments for the prompt ${prompt.name} - ${validated.faults}`);
}

function toResult(returned: unknown): GetPromptResult {
  if (typeof returned === 'string') return { messages: [{ role: 'user', content: { type: 'text', text: returned } }] };
  if (Array.isArray(returned)) return { messages: returned as PromptMessage[] };
  if (isObject(returned) && Array.isArray(returned.messages)) return returned as unknown as GetPromptResult;
  if (isObject(returned) && 'role' in returned) return { messages: [returned as unknown as PromptMessage] };
  throw new TypeError(`a prompt returned ${typeof returned} instead of messages`);
}
