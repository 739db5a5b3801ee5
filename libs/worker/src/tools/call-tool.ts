import { invalidParams, JsonRpcError } from '@gatehouse/protocol';
import { maskCredentials } from '@gatehouse/runtime';
import type { Logger } from '@gatehouse/runtime';
import { readArguments } from '../call-request.ts';
import type { CallRequest } from '../call-request.ts';
import type { CallToolResult, InputRequiredResult } from '../content.ts';
import { ContextMisuseError, ExpectedError } from '../errors.ts';
import { toolFailed, toolOutputInvalid } from '../events.ts';
import { InputRequired } from '../questions/input-required.ts';
import { validate } from '../schema.ts';
import type { PreparedServer, PreparedTool } from '../server/prepared-server.ts';
import type { ToolContext } from '../tasks/task-context.ts';
import { failedResult, isInputRequired, isWholeResult, structuredResult, unstructuredResult } from './tool-result.ts';

/**
 * Answers `tools/call`.
 * @throws JsonRpcError -32602 for an unknown tool (MCP 2026-07-28 Tools §Error Handling), or what the tool threw as such; InputRequired
 */
export async function callTool(
  server: PreparedServer,
  name: string,
  request: CallRequest,
  context: ToolContext,
  logger: Logger,
): Promise<CallToolResult | InputRequiredResult> {
  const tool = server.tools.get(name);
  if (!tool) throw invalidParams(`Unknown tool: ${name}`);
  const toolArguments = readArguments(request);
  try {
    const input = await checkInput(tool, toolArguments);
    return await toResult(tool, await tool.handle(input, context));
  } catch (error) {
    if (endsCall(error)) throw error;
    const logged = { server: server.definitions.server, tool: name, traceId: context.traceId };
    if (error instanceof InvalidOutput) toolOutputInvalid(logger, logged, error.message);
    // What a tool throws because it was told to stop is no fault of its own.
    else if (!(error instanceof ExpectedError) && !context.signal.aborted) toolFailed(logger, logged, error);
    return failedResult(messageOf(error));
  }
}

/** True for what is more than a failure of the tool: a JSON-RPC error, a question to the client, a misused context. */
function endsCall(error: unknown): boolean {
  return error instanceof JsonRpcError || error instanceof InputRequired || error instanceof ContextMisuseError;
}

/** What a tool returned does not fit its own output schema. */
class InvalidOutput extends Error {}

/** @throws ExpectedError that names the faulty fields: the model can mend them (MCP 2026-07-28 Tools §Error Handling) */
async function checkInput(tool: PreparedTool, toolArguments: Record<string, unknown>): Promise<unknown> {
  if (tool.input) {
    const validated = await validate(tool.input, toolArguments);
    if (validated.faults === undefined) return validated.value;
    throw new ExpectedError(`Invalid arguments for ${tool.name} - ${validated.faults}`);
  }
  const [unexpected] = Object.keys(toolArguments);
  if (unexpected === undefined) return {};
  throw new ExpectedError(`Invalid arguments for ${tool.name} - ${unexpected}: the tool takes no arguments`);
}

async function toResult(tool: PreparedTool, returned: unknown): Promise<CallToolResult | InputRequiredResult> {
  if (isInputRequired(returned)) return returned;
  if (isWholeResult(returned, tool.output !== undefined)) {
    if (!tool.output || returned.isError) return returned;
    return { ...returned, structuredContent: await checkOutput(tool, returned.structuredContent) };
  }
  if (!tool.output) return unstructuredResult(returned);
  return structuredResult(await checkOutput(tool, returned));
}

async function checkOutput(tool: PreparedTool, value: unknown): Promise<unknown> {
  if (!tool.output) return value;
  const validated = await validate(tool.output, value);
  if (validated.faults === undefined) return validated.value;
  throw new InvalidOutput(`${tool.name} returned a result that does not fit its output schema - ${validated.faults}`);
}

/** Never throws: anything can be thrown, even what has no text form or a `message` that is none. */
function messageOf(error: unknown): string {
  let message: unknown;
  try {
    message = error instanceof Error ? error.message : String(error);
  } catch {
    // Then it has no message.
  }
  if (typeof message !== 'string' || message === '') return 'The tool failed without a message.';
  return maskCredentials(message);
}
