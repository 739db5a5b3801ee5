import { isObject } from '@gatehouse/protocol';
import type { InputRequest, InputRequests } from '../questions/input-requests.ts';

/**
 * What a client answers, by the keys of the questions: a response as it travels, such as
 * `{ action: 'accept', content: { name: 'Ada' } }`, or a function of the request.
 */
export type TestAnswers = Readonly<Record<string, object | ((request: InputRequest) => object)>>;

/** More rounds than any handler needs: one that always asks would otherwise never end its test. */
const maxRounds = 20;

interface RoundResult {
  result: Record<string, unknown>;
}

/**
 * Plays a client that answers: sends the request again with the answers to what it was asked and the state it was given,
 * as often as it is asked (MCP 2026-07-28 Multi Round-Trip Requests §Client Requirements).
 * @throws Error for a question that `answers` has no answer to
 */
export async function playRounds<Answer extends RoundResult>(
  answers: TestAnswers,
  send: (params: Record<string, unknown>) => Promise<Answer>,
): Promise<{ answer: Answer; asked: InputRequests[] }> {
  const asked: InputRequests[] = [];
  for (let params: Record<string, unknown> = {}; ;) {
    const answer = await send(params);
    const { resultType, inputRequests, requestState } = answer.result;
    if (resultType !== 'input_required') return { answer, asked };
    const requests = (isObject(inputRequests) ? inputRequests : {}) as unknown as InputRequests;
    asked.push(requests);
    if (asked.length > maxRounds) throw new Error(`the handler asked ${maxRounds} times and still has no result`);
    params = {
      inputResponses: respond(answers, requests),
      ...(requestState !== undefined && { requestState }),
    };
  }
}

/**
 * The answers to these requests. A question that a task asks again has a number behind its key.
 * @throws Error for a question that `answers` has no answer to
 */
export function respond(answers: TestAnswers, requests: InputRequests): Record<string, object> {
  const responses = Object.entries(requests).map(([key, request]) => {
    const response = answers[key] ?? answers[key.replace(/#\d+$/, '')];
    if (response !== undefined) return [key, typeof response === 'function' ? response(request) : response] as const;
    throw new Error(`the handler asks "${key}" (${request.method}), which the test does not answer`);
  });
  return Object.fromEntries(responses);
}
