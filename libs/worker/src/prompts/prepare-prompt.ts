import { isObject } from '@gatehouse/protocol';
import type { JsonSchema, PromptArgumentDefinition } from '@gatehouse/protocol';
import type { PromptOptions } from '../declarations.ts';
import { toJsonSchema } from '../schema.ts';
import { checkDescription, checkName, checkUnused } from '../server/offer-checks.ts';
import type { OfferedMethod, PreparedServer } from '../server/prepared-server.ts';

/**
 * Adds a prompt to a server.
 * @throws StartError with one sentence for a mistake in its declaration
 */
export function preparePrompt(server: PreparedServer, options: PromptOptions, method: OfferedMethod): void {
  const { where } = method;
  const { arguments: schema, argumentsSchema, ...described } = options;
  const name = options.name ?? method.methodName;
  checkName(name, where);
  checkDescription(options.description, where);
  checkUnused(server.prompts, name, 'prompt', where);
  const jsonSchema = argumentsSchema ?? (schema && toJsonSchema(schema, 'input', where, 'argumentsSchema'));
  const argumentDefinitions = jsonSchema ? listArguments(jsonSchema) : [];
  server.definitions.prompts.push({
    ...described,
    name,
    ...(argumentDefinitions.length > 0 && { arguments: argumentDefinitions }),
  });
  server.prompts.set(name, {
    name,
    ...(schema && { schema }),
    argumentNames: argumentDefinitions.map((argument) => argument.name),
    completers: new Map(),
    handle: method.handle,
  });
}

function listArguments({ properties, required }: JsonSchema): PromptArgumentDefinition[] {
  const requiredNames = new Set(Array.isArray(required) ? required : []);
  return Object.entries(isObject(properties) ? properties : {}).map(([name, property]) => {
    const { title, description } = isObject(property) ? property : {};
    return {
      name,
      ...(typeof title === 'string' && { title }),
      ...(typeof description === 'string' && { description }),
      required: requiredNames.has(name),
    };
  });
}
