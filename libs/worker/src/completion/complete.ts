import { invalidParams, isObject } from '@gatehouse/protocol';
import type { CallRequest } from '../call-request.ts';
import type { Completion } from '../content.ts';
import type { BasicContext } from '../context.ts';
import type { Completers, PreparedServer } from '../server/prepared-server.ts';

/** MCP 2026-07-28 Completion §Completion Results. */
const maxValues = 100;

/**
 * Answers `completion/complete`; an argument that nobody completes has no values.
 * @param name the prompt's name, or the URI or template, as the gateway resolved it
 * @throws JsonRpcError -32602 for an unknown reference or argument
 */
export async function complete(
  server: PreparedServer,
  name: string,
  request: CallRequest,
  context: BasicContext,
): Promise<{ completion: Completion }> {
  const { ref, argument, context: given } = request.params;
  if (
    !isObject(ref) ||
    !isObject(argument) ||
    typeof argument.name !== 'string' ||
    typeof argument.value !== 'string'
  ) {
    throw invalidParams('ref and argument with name and value are required');
  }
  const { names, completers } = findReference(server, ref.type, name);
  if (!names.includes(argument.name)) {
    throw invalidParams(`Unknown argument: ${argument.name}`);
  }
  const completer = completers.get(argument.name);
  if (!completer) return { completion: { values: [], total: 0, hasMore: false } };
  const filledIn = isObject(given) && isObject(given.arguments) ? given.arguments : {};
  const completed = await completer(argument.value, { ...context, arguments: filledIn as Record<string, string> });
  return { completion: cut(completed as string[] | Completion) };
}

function findReference(
  server: PreparedServer,
  type: unknown,
  name: string,
): { names: string[]; completers: Completers } {
  if (type === 'ref/prompt') {
    const prompt = server.prompts.get(name);
    if (prompt) return { names: prompt.argumentNames, completers: prompt.completers };
    throw invalidParams(`Unknown prompt: ${name}`);
  }
  const template =
    server.templates.find(({ uriTemplate }) => uriTemplate.template === name) ??
    server.templates.find(({ uriTemplate }) => uriTemplate.match(name));
  if (template) return { names: template.uriTemplate.variables, completers: template.completers };
  throw invalidParams(`Unknown resource template: ${name}`);
}

function cut(completed: string[] | Completion): Completion {
  const completion: Completion = Array.isArray(completed) ? { values: completed, total: completed.length } : completed;
  const values = completion.values.slice(0, maxValues);
  return { ...completion, values, hasMore: completion.hasMore ?? (completion.total ?? 0) > values.length };
}
