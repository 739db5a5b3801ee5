import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ContextMisuseError } from '../errors.ts';
import type { FormAnswer, FormElicitation, UrlAnswer, UrlElicitation } from './elicitation.ts';
import { prepareQuestions } from './question.ts';
import type { AnswersTo, PreparedQuestion, Questions } from './question.ts';
import type { Root } from './roots.ts';
import type { CreateMessageParams, CreateMessageResult } from './sampling.ts';

/**
 * Asks the client, or the person before it, while a handler runs (MCP 2026-07-28 Multi Round-Trip Requests).
 *
 * **A question without an answer ends the run.** The client gets the question, and its retry runs the handler again from
 * its top, maybe in another process: this time the call returns the answer. So whatever stands before a question runs once
 * per round. Keep it free of effects, or put it into `step`. Answers of earlier rounds are kept, so that each question is
 * asked once; questions that `Promise.all` or `ask` put together come out together.
 *
 * The run ends with a thrown `InputRequired`. Let it pass: a handler that catches it and goes on is asked for its
 * answer all the same, and what it did meanwhile was for nothing (the log says so).
 *
 * Keys are the author's: one per question within a call, the same in every round. What does not fit the question is asked
 * again. A question that the client has not declared to answer ends the call with -32021: look at `clientCapabilities` first
 * where there is another way.
 */
export interface Asking {
  /**
   * Asks a person to fill in a form. The content of `accept` is what the schema gives out.
   * @throws JsonRpcError -32021 when the client shows no forms
   */
  elicit<Schema extends StandardSchemaV1>(
    this: void,
    key: string,
    form: FormElicitation<Schema>,
  ): Promise<FormAnswer<Schema>>;
  /**
   * Asks a person to open a page. `accept` is consent, not the end of what happens there: look for that yourself, and ask
   * again under another key (`connect-2`) when it has not happened.
   * @throws JsonRpcError -32021 when the client opens no pages
   */
  elicit(this: void, key: string, page: UrlElicitation): Promise<UrlAnswer>;
  /**
   * Asks the client's model. The specification deprecates it (SEP-2577): new tools better call a model themselves.
   * @throws JsonRpcError -32021 when the client does not sample, or not with tools
   */
  sample(this: void, key: string, params: CreateMessageParams): Promise<CreateMessageResult>;
  /**
   * Asks for the directories and files that the client finds relevant. The specification deprecates it (SEP-2577).
   * @throws JsonRpcError -32021 when the client has no roots
   */
  listRoots(this: void, key: string): Promise<Root[]>;
  /**
   * Asks several questions in one round: `{ name: { elicit: {...} }, title: { sample: {...} }, where: { listRoots: true } }`.
   * @throws JsonRpcError -32021 naming all that the client lacks
   */
  ask<Asked extends Questions>(this: void, questions: Asked): Promise<AnswersTo<Asked>>;
}

/** Where questions go: to the client by ending the run, or to whoever follows a task. */
export interface Asker {
  /** Gives the checked answer to each question, by its key. A rejection ends the handler. */
  ask(questions: ReadonlyMap<string, PreparedQuestion>): Promise<ReadonlyMap<string, unknown>>;
  /** Hears of a question that cannot be asked, which the handler must not hide. */
  misused(error: ContextMisuseError): void;
}

/** The methods of a context that ask. */
export function createAsking(asker: Asker): Asking {
  const ask = async (questions: Questions): Promise<Record<string, unknown>> => {
    const answers = await asker.ask(prepare(questions, asker));
    return Object.fromEntries(answers);
  };
  const one = async (key: string, question: Questions[string]): Promise<unknown> => {
    const answers = await asker.ask(prepare({ [key]: question }, asker));
    return answers.get(key);
  };
  return {
    ask: unattended(ask) as Asking['ask'],
    elicit: unattended((key: string, elicit: FormElicitation<StandardSchemaV1> | UrlElicitation) =>
      one(key, { elicit }),
    ) as Asking['elicit'],
    sample: unattended((key: string, sample: CreateMessageParams) => one(key, { sample })) as Asking['sample'],
    listRoots: unattended((key: string) => one(key, { listRoots: true })) as Asking['listRoots'],
  };
}

function prepare(questions: Questions, asker: Asker): Map<string, PreparedQuestion> {
  try {
    return prepareQuestions(questions);
  } catch (error) {
    if (error instanceof ContextMisuseError) asker.misused(error);
    throw error;
  }
}

/** A question that nobody awaits must not end the process with an unhandled rejection: its asker knows of it. */
export function unattended<Parameters extends unknown[], Value>(
  ask: (...parameters: Parameters) => Promise<Value>,
): (...parameters: Parameters) => Promise<Value> {
  return (...parameters) => {
    const asked = ask(...parameters);
    asked.catch(() => undefined);
    return asked;
  };
}
