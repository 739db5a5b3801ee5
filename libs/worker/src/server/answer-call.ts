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
import type { Logger } from '@gatehouse/runtime';
import { parseCallRequest } from '../call-request.ts';
import type { CallRequest } from '../call-request.ts';
import { complete } from '../completion/complete.ts';
import type { Completion } from '../content.ts';
import { createContext } from '../context.ts';
import type { CallContext } from '../context.ts';
import { ExpectedError } from '../errors.ts';
import { callFailed } from '../events.ts';
import { getPrompt } from '../prompts/get-prompt.ts';
import { readResource } from '../resources/read-resource.ts';
import { callTool } from '../tools/call-tool.ts';
import { isInputRequired } from '../tools/tool-result.ts';
import { checkInputRequired } from './check-input-required.ts';
import type { PreparedServer } from './prepared-server.ts';

/** What a result may carry beside its own fields. */
interface AnyResult {
  resultType?: string;
  isError?: boolean;
  _meta?: Record<string, unknown>;
  completion?: Completion;
}

/** The worker's side of one server: a function from a call to its final frame. It never throws. */
export function createCallHandler(server: PreparedServer, logger: Logger): CallHandler {
  return async (call) => {
    const request = parseCallRequest(call.body);
    try {
      const context = createContext(call, request);
      const result = await answer(server, call, request, context, logger);
      if (isInputRequired(result)) checkInputRequired(result, { ...context.clientCapabilities });
      return resultFrame(server, request.id, result);
    } catch (error) {
      if (error instanceof JsonRpcError) return errorFrame(request.id, error);
      if (error instanceof ExpectedError) return errorFrame(request.id, invalidParams(error.message));
      callFailed(logger, server.definitions.server, call.method, call.name, error);
      // The caller learns nothing of an unexpected fault but that it happened.
      return errorFrame(request.id, new JsonRpcError(ErrorCode.internalError, 'Internal error'));
    }
  };
}

function answer(
  server: PreparedServer,
  call: IncomingCall,
  request: CallRequest,
  context: CallContext,
  logger: Logger,
): Promise<AnyResult> {
  // The name is the call's, which the gateway resolved; the body's own name may carry the server's prefix.
  switch (call.method) {
    case Method.toolsCall:
      return callTool(server, call.name, request, context, logger);
    case Method.resourcesRead:
      return readResource(server, call.name, request, context);
    case Method.promptsGet:
      return getPrompt(server, call.name, request, context);
    case Method.complete:
      return complete(server, call.name, request, context);
    default:
      throw methodNotFound(call.method);
  }
}

function resultFrame(server: PreparedServer, id: CallRequest['id'], result: AnyResult): FinalFrame {
  const { resultType = 'complete', isError, _meta: meta, ...fields } = result;
  const whole = { resultType, ...fields, isError, _meta: { ...meta, [MetaKey.serverInfo]: server.serverInfo } };
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: whole }));
  return { kind: 'result', resultType, ...(isError !== undefined && { isError }), body };
}

function errorFrame(id: CallRequest['id'], error: JsonRpcError): FinalFrame {
  return { kind: 'error', errorCode: error.code, body: encodeErrorResponse(id, error) };
}
