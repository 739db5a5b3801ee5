import { isObject } from '@gatehouse/protocol';
import type { JsonSchema } from '@gatehouse/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ContextMisuseError } from '../errors.ts';
import { validate } from '../schema.ts';
import type { PreparedQuestion } from './question.ts';
import { requestedSchemaOf } from './requested-schema.ts';

/**
 * Asks a person to fill in a form (MCP 2026-07-28 Elicitation §Form Mode). Never for passwords, keys or tokens, which the
 * client and the model would see: use a URL for these.
 */
export interface FormElicitation<Schema extends StandardSchemaV1> {
  /** For the person: what is asked and why. */
  message: string;
  /** Any Standard Schema of a flat object of strings, numbers, booleans and choices; what does not fit it is asked again. */
  schema: Schema;
  /** What the form is made from instead of `schema`'s own JSON Schema, for libraries or constraints that do not convert. */
  requestedSchema?: JsonSchema;
}

/**
 * Asks a person to open a page (MCP 2026-07-28 Elicitation §URL Mode). The page must find out by itself who opens it, and
 * the URL must carry no secret: whoever has it could be somebody else.
 */
export interface UrlElicitation {
  /** For the person: what happens there and why. */
  message: string;
  url: string;
}

/** What the person did with a form: `decline` is a no, `cancel` is no answer at all. */
export type FormAnswer<Schema extends StandardSchemaV1> =
  | { action: 'accept'; content: StandardSchemaV1.InferOutput<Schema> }
  | { action: 'decline' }
  | { action: 'cancel' };

/** What the person did with a URL: `accept` is consent to open it, not the end of what happens there. */
export interface UrlAnswer {
  action: 'accept' | 'decline' | 'cancel';
}

/**
 * @throws ContextMisuseError for a schema that no form can show, or a URL that is none: a fault of the handler
 */
export function prepareElicitation(
  key: string,
  elicitation: FormElicitation<StandardSchemaV1> | UrlElicitation,
): Pick<PreparedQuestion, 'request' | 'read'> {
  const { message } = elicitation;
  if ('url' in elicitation) {
    const { url } = elicitation;
    if (!URL.canParse(url)) throw new ContextMisuseError(`The question "${key}" has a url that is none.`);
    return { request: { method: 'elicitation/create', params: { mode: 'url', message, url } }, read: readAction };
  }
  const { schema, requestedSchema } = elicitation;
  const params = { mode: 'form', message, requestedSchema: requestedSchemaOf(key, schema, requestedSchema) };
  return {
    request: { method: 'elicitation/create', params },
    read: (response) => readForm(schema, response),
  };
}

const actions: ReadonlySet<unknown> = new Set(['accept', 'decline', 'cancel']);

function readAction(response: unknown): { answer: UrlAnswer } | undefined {
  if (!isObject(response) || !actions.has(response.action)) return undefined;
  return { answer: { action: response.action as UrlAnswer['action'] } };
}

async function readForm(schema: StandardSchemaV1, response: unknown): Promise<{ answer: unknown } | undefined> {
  const read = readAction(response);
  if (read?.answer.action !== 'accept') return read;
  const { content } = response as { content?: unknown };
  if (!isObject(content)) return undefined;
  const validated = await validate(schema, content);
  return validated.faults === undefined ? { answer: { action: 'accept', content: validated.value } } : undefined;
}
