import type { IncomingCall } from '@gatehouse/messaging';
import { invalidParams, isObject, MetaKey } from '@gatehouse/protocol';
import type { CallRequest } from '../call-request.ts';
import type { InputRequiredResult } from '../content.ts';
import { checkInputRequired } from './check-input-required.ts';
import { isInputRequired } from '../tools/tool-result.ts';
import { bindingOf } from './request-state.ts';
import type { KeptState, RequestStates } from './request-state.ts';
import { Round } from './round.ts';
import type { RunOutcome } from './round.ts';

/** How one request is answered in rounds. */
interface RoundTripOptions {
  /** True when answers count only beside a state: the gateway lets each state pass once. */
  singleUse: boolean;
  /** Hears the keys of questions that the handler went on after, as if they had been answered. */
  onHiddenQuestions: (keys: string[]) => void;
}

/**
 * Answers one request of the methods that may ask the client for more (MCP 2026-07-28 Multi Round-Trip Requests §Supported
 * Requests): opens what earlier rounds left, has the handler run, and seals what the next one needs.
 * @throws JsonRpcError -32602 for a state that does not verify or responses that are no object; ContextMisuseError for a
 * fault of the handler; whatever `run` throws
 */
export async function answerInRounds<Result extends object>(
  call: IncomingCall,
  request: CallRequest,
  states: RequestStates,
  options: RoundTripOptions,
  run: (round: Round) => Promise<Result>,
): Promise<Result | InputRequiredResult> {
  const { arguments: requestArguments, requestState, inputResponses = {} } = request.params;
  if (!isObject(inputResponses)) throw invalidParams('inputResponses must be an object');
  const kept = requestState === undefined ? undefined : states.open(bindingOf(call, requestArguments), requestState);
  const clientCapabilities = asRecord(request.meta[MetaKey.clientCapabilities]);
  const responses = options.singleUse && !kept ? {} : inputResponses;
  const round = new Round({ kept, responses, clientCapabilities });
  const ended = await round.conclude(await settle(run, round), options.onHiddenQuestions);
  const seal = (state: KeptState) => states.seal(bindingOf(call, requestArguments), state);
  if ('inputRequests' in ended) {
    return { resultType: 'input_required', inputRequests: ended.inputRequests, requestState: seal(round.kept) };
  }
  const { result } = ended;
  if (!isInputRequired(result)) return result;
  checkInputRequired(result, clientCapabilities);
  const { requestState: own, ...raw }: InputRequiredResult = result;
  const { answers, steps } = round.kept;
  return { ...raw, requestState: seal({ answers, steps, ...(own !== undefined && { own }) }) };
}

async function settle<Result>(run: (round: Round) => Promise<Result>, round: Round): Promise<RunOutcome<Result>> {
  try {
    return { result: await run(round) };
  } catch (error) {
    return { error };
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}
