import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type { JsonSchema } from '@gatehouse/protocol';
import { StartError } from '@gatehouse/runtime';

/** How many faults of one value are told at once. */
const maxIssues = 10;

/**
 * The JSON Schema of a Standard Schema, by the library's own conversion (`~standard.jsonSchema`).
 * @throws StartError when the library cannot convert it; the sentence begins with `owner` and names `beside`, the option
 * that takes a JSON Schema instead.
 */
export function toJsonSchema(
  schema: StandardSchemaV1,
  direction: 'input' | 'output',
  owner: string,
  beside: string,
): JsonSchema {
  const { jsonSchema } = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>;
  const advice = `pass the JSON Schema beside it as \`${beside}\``;
  if (!jsonSchema) {
    const { vendor } = schema['~standard'];
    throw new StartError(`${owner}: its schema (${vendor}) does not convert itself to JSON Schema: ${advice}.`);
  }
  try {
    return jsonSchema[direction]({ target: 'draft-2020-12' });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError(`${owner}: its schema has no JSON Schema form (${reason}): ${advice}.`, { cause });
  }
}

/** The outcome of a validation: the value as the schema gives it out, or the faults in one line, fields named. */
type Validated = { value: unknown; faults?: undefined } | { faults: string };

/** Validates a value by a Standard Schema. */
export async function validate(schema: StandardSchemaV1, value: unknown): Promise<Validated> {
  const result = await schema['~standard'].validate(value);
  if (!result.issues) return { value: result.value };
  const faults = result.issues.slice(0, maxIssues).map(describeIssue);
  if (result.issues.length > maxIssues) faults.push(`and ${result.issues.length - maxIssues} more`);
  return { faults: faults.join('; ') };
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
