import type { CallHandler, FinalFrame, IncomingCall } from '@gatehouse/messaging';
import {
  encodeErrorResponse,
  ErrorCode,
  invalidParams,
  JsonRpcError,
  MetaKey,
  Method,
  methodNotFound,
} from '@gatehouse/protocol';
import type { Logger, StateKeys } from '@gatehouse/runtime';
import { parseCallRequest } from '../call-request.ts';
import type { CallRequest } from '../call-request.ts';
import { complete } from '../completion/complete.ts';
import type { Completion } from '../content.ts';
import { createBasicContext, createContext } from '../context.ts';
import type { BasicContext } from '../context.ts';
import { ContextMisuseError, ExpectedError } from '../errors.ts';
import { callFailed, questionsHidden } from '../events.ts';
import { getPrompt } from '../prompts/get-prompt.ts';
import { RequestStates } from '../questions/request-state.ts';
import { answerInRounds } from '../questions/round-trips.ts';
import { readResource } from '../resources/read-resource.ts';
import type { TaskOutcome, WholeResult } from '../tasks/end-task.ts';
import { withoutTask } from '../tasks/task-context.ts';
import type { ToolContext } from '../tasks/task-context.ts';
import { TaskRun } from '../tasks/task-run.ts';
import { callTool } from '../tools/call-tool.ts';
import type { PreparedServer } from './prepared-server.ts';

/** What a result may carry beside its own fields. */
interface AnyResult {
  resultType?: string;
  isError?: boolean;
  _meta?: Record<string, unknown>;
  completion?: Completion;
}

/** What the handler of a server's calls needs of its process. */
interface CallHandlerOptions {
  logger: Logger;
  stateKeys: StateKeys;
  /** When a call that still runs becomes a task, unless its tool says otherwise; 5 s when absent. */
  taskAfterMs?: number;
}

const defaultTaskAfterMs = 5_000;

/** The worker's side of one server: a function from a call to its final frame. It never throws. */
export function createCallHandler(server: PreparedServer, options: CallHandlerOptions): CallHandler {
  const { logger, stateKeys, taskAfterMs = defaultTaskAfterMs } = options;
  const states = new RequestStates(stateKeys);
  return async (call) => {
    const request = parseCallRequest(call.body);
    const run = taskRunOf(server, call, taskAfterMs);
    const settling = settle(server, call, request, { run, states, logger });
    const onFault = (error: unknown) => callFailed(logger, server.definitions.server, call, error);
    const outcome = await (run ? run.answerOrGoOn(settling, onFault) : settling);
    return frameOf(request.id, outcome, onFault);
  };
}

/** What JSON cannot hold is a fault of the handler, as late as it shows. */
function frameOf(id: CallRequest['id'], outcome: TaskOutcome, onFault: (error: unknown) => void): FinalFrame {
  try {
    return 'result' in outcome ? resultFrame(id, outcome.result) : errorFrame(id, outcome.refusal);
  } catch (error) {
    onFault(error);
    return errorFrame(id, new JsonRpcError(ErrorCode.internalError, 'Internal error'));
  }
}

/** Present when the call may go on as a task. */
function taskRunOf(server: PreparedServer, call: IncomingCall, taskAfterMs: number): TaskRun | undefined {
  const tool = call.task && call.method === Method.toolsCall ? server.tools.get(call.name) : undefined;
  if (!call.task || !tool || tool.task === 'never') return undefined;
  return new TaskRun(call, call.task, { task: tool.task, taskAfterMs: tool.taskAfterMs ?? taskAfterMs });
}

/** What one call comes to. Never rejects. */
async function settle(
  server: PreparedServer,
  call: IncomingCall,
  request: CallRequest,
  { run, states, logger }: { run: TaskRun | undefined; states: RequestStates; logger: Logger },
): Promise<TaskOutcome> {
  try {
    const basic = createBasicContext(call, request);
    const ask = askingMethods.get(call.method);
    if (!ask) return { result: wholeResult(server, await answerAtOnce(server, call, request, basic)) };
    const options = {
      singleUse: call.method === Method.toolsCall && server.tools.get(call.name)?.singleUseState === true,
      onHiddenQuestions: (keys: string[]) => questionsHidden(logger, server.definitions.server, call, keys),
    };
    const result = await answerInRounds<AnyResult>(call, request, states, options, (round) => {
      const context = run ? run.contextOf(basic, round) : withoutTask(createContext(basic, round));
      return ask(server, call.name, request, context, logger);
    });
    if (run?.task && result.resultType === 'input_required')
      throw new ContextMisuseError('A task asks with elicit, sample, listRoots or ask, not with a result.');
    return { result: wholeResult(server, result) };
  } catch (error) {
    return { refusal: refusalOf(error, () => callFailed(logger, server.definitions.server, call, error)) };
  }
}

/** Answers one call of a method whose handlers may ask; the name is the call's, which the gateway resolved. */
type AskingMethod = (
  server: PreparedServer,
  name: string,
  request: CallRequest,
  context: ToolContext,
  logger: Logger,
) => Promise<AnyResult>;

/** MCP 2026-07-28 Multi Round-Trip Requests §Supported Requests. */
const askingMethods: ReadonlyMap<string, AskingMethod> = new Map<string, AskingMethod>([
  [Method.toolsCall, callTool],
  [Method.resourcesRead, readResource],
  [Method.promptsGet, getPrompt],
]);

async function answerAtOnce(
  server: PreparedServer,
  call: IncomingCall,
  request: CallRequest,
  context: BasicContext,
): Promise<AnyResult> {
  if (call.method === Method.complete) return complete(server, call.name, request, context);
  throw methodNotFound(call.method);
}

function refusalOf(error: unknown, log: () => void): JsonRpcError {
  if (error instanceof JsonRpcError) return error;
  if (error instanceof ExpectedError) return invalidParams(error.message);
  log();
  // The caller learns nothing of an unexpected fault but that it happened; the sentences of this SDK give nothing away.
  const message = error instanceof ContextMisuseError ? error.message : 'Internal error';
  return new JsonRpcError(ErrorCode.internalError, message);
}

function wholeResult(server: PreparedServer, result: AnyResult): WholeResult {
  const { resultType = 'complete', isError, _meta: meta, ...fields } = result;
  const own = { ...meta, [MetaKey.serverInfo]: server.serverInfo };
  return { resultType, ...fields, ...(isError !== undefined && { isError }), _meta: own };
}

function resultFrame(id: CallRequest['id'], result: WholeResult): FinalFrame {
  const { resultType, isError } = result;
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result }));
  return { kind: 'result', resultType, ...(isError !== undefined && { isError }), body };
}

function errorFrame(id: CallRequest['id'], error: JsonRpcError): FinalFrame {
  return { kind: 'error', errorCode: error.code, body: encodeErrorResponse(id, error) };
}
