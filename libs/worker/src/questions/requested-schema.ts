import { isObject } from '@gatehouse/protocol';
import type { JsonSchema } from '@gatehouse/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ContextMisuseError } from '../errors.ts';
import { toJsonSchema } from '../schema.ts';

/** Handlers tend to make their schemas once; converting one takes longer than a call. */
const converted = new WeakMap<StandardSchemaV1, JsonSchema>();

/**
 * The `requestedSchema` of a form. Forms know less than JSON Schema (MCP 2026-07-28 Elicitation §Requested Schema): what
 * they cannot say of a field, such as a pattern, is left out, and the worker checks it when the answer comes.
 * @throws ContextMisuseError for fields that no form can show
 */
export function requestedSchemaOf(key: string, schema: StandardSchemaV1, given: JsonSchema | undefined): JsonSchema {
  if (given) return restrict(key, given);
  const known = converted.get(schema);
  if (known) return known;
  const form = restrict(key, convert(key, schema));
  converted.set(schema, form);
  return form;
}

function convert(key: string, schema: StandardSchemaV1): JsonSchema {
  try {
    return toJsonSchema(schema, 'input', `The question "${key}"`, 'requestedSchema');
  } catch (cause) {
    throw new ContextMisuseError((cause as Error).message, { cause });
  }
}

function restrict(key: string, schema: JsonSchema): JsonSchema {
  const { type, properties = {}, required } = schema;
  if (type !== 'object' || !isObject(properties)) {
    throw new ContextMisuseError(
      `The question "${key}" needs a schema of an object: each property is a field of the form.`,
    );
  }
  const fields = Object.entries(properties).map(([name, property]) => {
    const field = isObject(property) ? restrictField(property) : undefined;
    if (field) return [name, field] as const;
    throw new ContextMisuseError(
      `The question "${key}" has the field "${name}", which no form can show: use strings, numbers, booleans and choices.`,
    );
  });
  return { type, properties: Object.fromEntries(fields), ...(Array.isArray(required) && { required }) };
}

/** Keywords that every field may have. */
const described = ['title', 'description', 'default'];
const formats: ReadonlySet<unknown> = new Set(['email', 'uri', 'date', 'date-time']);

/** MCP 2026-07-28 schema `PrimitiveSchemaDefinition`; undefined for what is none. */
function restrictField(field: JsonSchema): JsonSchema | undefined {
  const choices = choicesOf(field);
  if (choices) return { ...pick(field, described), type: 'string', ...choices };
  switch (field.type) {
    case 'string':
      return {
        ...pick(field, ['type', 'minLength', 'maxLength', ...described]),
        ...(formats.has(field.format) && { format: field.format }),
      };
    case 'number':
    case 'integer':
      return pick(field, ['type', 'minimum', 'maximum', ...described]);
    case 'boolean':
      return pick(field, ['type', ...described]);
    case 'array':
      return restrictChoices(field);
    default:
      return undefined;
  }
}

/** Several of a list of choices: the only array that forms have. */
function restrictChoices(field: JsonSchema): JsonSchema | undefined {
  const items = isObject(field.items) ? choicesOf(field.items) : undefined;
  if (!items) return undefined;
  const titled = 'oneOf' in items ? { anyOf: items.oneOf } : { type: 'string', ...items };
  return { ...pick(field, ['type', 'minItems', 'maxItems', ...described]), items: titled };
}

/** One of several strings, with or without titles, in whichever of JSON Schema's ways it is written. */
function choicesOf(field: JsonSchema): { enum: string[] } | { oneOf: object[] } | undefined {
  const values = 'const' in field ? [field.const] : field.enum;
  if (Array.isArray(values)) return values.every(isString) ? { enum: values } : undefined;
  const options = field.oneOf ?? field.anyOf;
  if (!Array.isArray(options) || options.length === 0) return undefined;
  const titled: object[] = [];
  for (const option of options) {
    if (!isObject(option) || !isString(option.const)) return undefined;
    titled.push({ const: option.const, title: isString(option.title) ? option.title : option.const });
  }
  return { oneOf: titled };
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function pick(schema: JsonSchema, keywords: string[]): JsonSchema {
  return Object.fromEntries(
    keywords.filter((keyword) => keyword in schema).map((keyword) => [keyword, schema[keyword]]),
  );
}
