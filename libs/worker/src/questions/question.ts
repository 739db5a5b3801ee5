import { isObject } from '@gatehouse/protocol';
import type { RequiredClientCapabilities } from '@gatehouse/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ContextMisuseError } from '../errors.ts';
import { prepareElicitation } from './elicitation.ts';
import type { FormAnswer, FormElicitation, UrlAnswer, UrlElicitation } from './elicitation.ts';
import { capabilitiesOf } from './input-requests.ts';
import type { InputRequest } from './input-requests.ts';
import { readRoots } from './roots.ts';
import type { Root } from './roots.ts';
import { prepareSample } from './sampling.ts';
import type { CreateMessageParams, CreateMessageResult } from './sampling.ts';

/** One thing that a handler asks of the client, or of the person before it. */
export type Question =
  | { elicit: FormElicitation<StandardSchemaV1> | UrlElicitation }
  | { sample: CreateMessageParams }
  | { listRoots: true };

/** Several questions, by keys that the author chooses. */
export type Questions = Readonly<Record<string, Question>>;

/** What the answer to a question looks like once it has been checked. */
export type AnswerTo<Asked> = Asked extends { elicit: FormElicitation<infer Schema extends StandardSchemaV1> }
  ? FormAnswer<Schema>
  : Asked extends { elicit: UrlElicitation }
    ? UrlAnswer
    : Asked extends { sample: CreateMessageParams }
      ? CreateMessageResult
      : Asked extends { listRoots: true }
        ? Root[]
        : never;

/** The answers to several questions, by their keys. */
export type AnswersTo<Asked extends Questions> = { -readonly [Key in keyof Asked]: AnswerTo<Asked[Key]> };

/** A question that is ready to be asked: its form on the wire, what the client needs for it, how to read an answer. */
export interface PreparedQuestion {
  request: InputRequest;
  requires: RequiredClientCapabilities;
  /**
   * Checks what the client sent under the question's key.
   * @returns undefined for what is no answer to this question, which is then asked again
   */
  read(this: void, response: unknown): { answer: unknown } | undefined | Promise<{ answer: unknown } | undefined>;
}

const keyPattern = /^[^\p{Cc}\p{Cs}]{1,128}$/u;

/**
 * Prepares questions, by their keys.
 * @throws ContextMisuseError for a key or a question that cannot be asked: a fault of the handler
 */
export function prepareQuestions(questions: Questions): Map<string, PreparedQuestion> {
  const prepared = new Map<string, PreparedQuestion>();
  for (const [key, question] of Object.entries(questions)) {
    if (!keyPattern.test(key)) {
      throw new ContextMisuseError(`A question has the key ${JSON.stringify(key)}: use 1 to 128 visible characters.`);
    }
    prepared.set(key, prepareQuestion(key, question));
  }
  return prepared;
}

function prepareQuestion(key: string, question: Question): PreparedQuestion {
  const { request, read } = compile(key, question);
  const requires = capabilitiesOf(request.method, request.params);
  if (requires) return { request, requires, read };
  throw new ContextMisuseError(`The question "${key}" cannot be asked.`);
}

function compile(key: string, question: Question): Pick<PreparedQuestion, 'request' | 'read'> {
  if ('elicit' in question) return prepareElicitation(key, question.elicit);
  if ('sample' in question) return prepareSample(key, question.sample);
  if ('listRoots' in question) return { request: { method: 'roots/list', params: {} }, read: readRoots };
  const words = isObject(question) ? Object.keys(question).join(', ') : typeof question;
  throw new ContextMisuseError(`The question "${key}" (${words}) is none of elicit, sample and listRoots.`);
}
