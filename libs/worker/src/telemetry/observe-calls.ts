import type { CallHandler, FinalFrame, IncomingCall } from '@gatehouse/messaging';
import { isObject, Method, modernVersion } from '@gatehouse/protocol';
import { beginSpan, operationDuration } from '@gatehouse/runtime';
import type { Span, SpanAttributes, TraceCarrier } from '@gatehouse/runtime';

const duration = operationDuration();

/**
 * Puts a span and a value of `mcp.server.operation.duration` around every call of a server, by the names of
 * OpenTelemetry's semantic conventions for MCP. The gateway's span is the parent; spans that the handler begins by
 * OpenTelemetry's API become children, and its baggage is the caller's. Arguments and results are never said.
 */
export function observeCalls(server: string, handler: CallHandler): CallHandler {
  return async (call) => {
    const startedAt = performance.now();
    const target = targetOf(call);
    const span = beginSpan({
      name: target.spanName,
      parent: call.trace ?? {},
      attributes: () => attributesOf(server, target),
    });
    if (span.recording) enterSpan(call, span);
    let failure: { type: string } | undefined = { type: '_OTHER' };
    try {
      const frame = await span.run(() => handler(call));
      failure = failureOf(frame);
      return frame;
    } finally {
      const { method, tool, prompt } = target;
      const labels = [method, server, tool, prompt, failure?.type ?? '', modernVersion];
      duration.record((performance.now() - startedAt) / 1_000, labels);
      span.end(failure);
    }
  };
}

/** What a call is about. The names are those that the gateway resolved; a URI is an argument and is not said. */
interface CallTarget {
  method: string;
  tool: string;
  prompt: string;
  spanName: string;
}

function targetOf({ method, name }: IncomingCall): CallTarget {
  const tool = method === Method.toolsCall ? name : '';
  const prompt = method === Method.promptsGet ? name : '';
  return { method, tool, prompt, spanName: tool || prompt ? `${method} ${name}` : method };
}

function attributesOf(server: string, { method, tool, prompt }: CallTarget): SpanAttributes {
  return {
    'mcp.method.name': method,
    'mcp.protocol.version': modernVersion,
    'gatehouse.server': server,
    'network.transport': 'tcp',
    'network.protocol.name': 'nats',
    ...(tool && { 'gen_ai.tool.name': tool, 'gen_ai.operation.name': 'execute_tool' }),
    ...(prompt && { 'gen_ai.prompt.name': prompt }),
  };
}

/** From here on the call's own span is what the handler goes on from, and what its notifications say. */
function enterSpan(call: IncomingCall, span: Span): void {
  call.trace = span.carrier;
  const notify = call.notify.bind(call);
  call.notify = (body) => notify(withTraceContext(body, span.carrier));
}

/** OpenTelemetry semantic conventions for MCP §Context propagation: who sends a notification injects its context. */
function withTraceContext(body: Uint8Array, carrier: TraceCarrier): Uint8Array {
  const notification: unknown = JSON.parse(Buffer.from(body).toString());
  if (!isObject(notification)) return body;
  const { _meta: meta, ...params } = isObject(notification.params) ? notification.params : {};
  // Baggage is the caller's own: it need not be told.
  const { traceparent, tracestate } = carrier;
  const tracedMeta = { ...(isObject(meta) ? meta : {}), traceparent, tracestate };
  return Buffer.from(JSON.stringify({ ...notification, params: { ...params, _meta: tracedMeta } }));
}

function failureOf(frame: FinalFrame): { type: string } | undefined {
  if (frame.kind === 'error') return { type: String(frame.errorCode ?? '_OTHER') };
  return frame.isError === true ? { type: 'tool_error' } : undefined;
}
