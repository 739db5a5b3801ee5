import { maxTaskTtlMs } from '@gatehouse/messaging';
import { readParamHeaders } from '@gatehouse/protocol';
import type { JsonSchema, ToolDefinition, ToolDispatch } from '@gatehouse/protocol';
import { StartError } from '@gatehouse/runtime';
import type { ToolOptions } from '../declarations.ts';
import { toJsonSchema } from '../schema.ts';
import { checkDescription, checkName, checkUnused } from '../server/offer-checks.ts';
import type { OfferedMethod, PreparedServer } from '../server/prepared-server.ts';

/**
 * Adds a tool to a server.
 * @throws StartError with one sentence for a mistake in its declaration
 */
export function prepareTool(server: PreparedServer, options: ToolOptions, method: OfferedMethod): void {
  const { where } = method;
  const name = options.name ?? method.methodName;
  checkName(name, where);
  checkDescription(options.description, where);
  checkUnused(server.tools, name, 'tool', where);
  server.definitions.tools.push(defineTool(server.definitions.server, name, options, where));
  server.tools.set(name, {
    name,
    ...(options.input && { input: options.input }),
    ...(options.output && { output: options.output }),
    singleUseState: options.singleUseState === true,
    task: options.task ?? 'never',
    ...(options.taskAfterMs !== undefined && { taskAfterMs: options.taskAfterMs }),
    handle: method.handle,
  });
}

function defineTool(server: string, name: string, options: ToolOptions, where: string): ToolDefinition {
  const { title, description, icons, annotations, _meta } = options;
  const outputSchema = outputSchemaOf(options, where);
  const dispatch = dispatchOf(server, options, where);
  return {
    name,
    ...(title && { title }),
    description,
    ...(icons && { icons }),
    inputSchema: inputSchemaOf(options, where),
    ...(outputSchema && { outputSchema }),
    ...(annotations && { annotations }),
    ...(_meta && { _meta }),
    ...(dispatch && { gatehouse: dispatch }),
  };
}

function inputSchemaOf({ input, inputSchema }: ToolOptions, where: string): JsonSchema {
  if (!input) {
    if (inputSchema) throw new StartError(`${where} has an inputSchema but no input: add a schema that validates.`);
    // MCP 2026-07-28 Tools §Tool: recommended for tools without parameters
    return { type: 'object', additionalProperties: false };
  }
  const schema = inputSchema ?? toJsonSchema(input, 'input', where, 'inputSchema');
  if (schema.type !== 'object')
    throw new StartError(`${where} has an input that is no object: MCP arguments are objects, wrap the value in one.`);
  const paramHeaders = readParamHeaders(schema);
  if (!paramHeaders.valid) throw new StartError(`${where} would be left out by every client: ${paramHeaders.reason}.`);
  return schema;
}

function outputSchemaOf({ output, outputSchema }: ToolOptions, where: string): JsonSchema | undefined {
  if (output) return outputSchema ?? toJsonSchema(output, 'output', where, 'outputSchema');
  if (outputSchema) throw new StartError(`${where} has an outputSchema but no output: add a schema that validates.`);
  return undefined;
}

function dispatchOf(server: string, options: ToolOptions, where: string): ToolDispatch | undefined {
  const { timeoutMs, scopes, requiresClientCapabilities, singleUseState } = options;
  const task = taskOf(options, where);
  if (timeoutMs !== undefined && !(Number.isInteger(timeoutMs) && timeoutMs > 0)) {
    throw new StartError(`${where} has a timeoutMs of ${timeoutMs}: give a whole number of milliseconds above 0.`);
  }
  const foreign = scopes?.find((scope) => !/^[A-Za-z0-9_.-]+$/.test(scope));
  if (foreign !== undefined) {
    throw new StartError(`${where} has the scope "${foreign}": write only what follows "${server}:".`);
  }
  if (timeoutMs === undefined && !scopes && !requiresClientCapabilities && !singleUseState && !task) return undefined;
  return {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(scopes && { scopes: scopes.map((scope) => `${server}:${scope}`) }),
    ...(requiresClientCapabilities && { requiresClientCapabilities }),
    ...(singleUseState && { singleUseState }),
    ...task,
  };
}

/** What the gateway must know of a tool's tasks; undefined when it has none. */
function taskOf(options: ToolOptions, where: string): Pick<ToolDispatch, 'task' | 'taskTtlMs'> | undefined {
  const { task = 'never', taskAfterMs, taskTtlMs } = options;
  if (task === 'never') {
    if (taskAfterMs === undefined && taskTtlMs === undefined) return undefined;
    throw new StartError(
      `${where} has a taskAfterMs or taskTtlMs but no task: say whether it is optional or required.`,
    );
  }
  if (taskAfterMs !== undefined && !(Number.isInteger(taskAfterMs) && taskAfterMs >= 0)) {
    throw new StartError(`${where} has a taskAfterMs of ${taskAfterMs}: give a whole number of milliseconds.`);
  }
  if (taskTtlMs !== undefined && !(Number.isInteger(taskTtlMs) && taskTtlMs >= 1_000 && taskTtlMs <= maxTaskTtlMs)) {
    throw new StartError(
      `${where} has a taskTtlMs of ${taskTtlMs}: give whole milliseconds from 1000 to ${maxTaskTtlMs}.`,
    );
  }
  return { task, ...(taskTtlMs !== undefined && { taskTtlMs }) };
}
