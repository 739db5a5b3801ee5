import { ErrorCode, Method } from '@gatehouse/protocol';
import type { RequestHeaders } from '@gatehouse/protocol';
import { beginSpan, operationDuration, readTraceCarrier } from '@gatehouse/runtime';
import type { Span, SpanAttributes, TraceCarrier } from '@gatehouse/runtime';

const duration = operationDuration();
const knownMethods: ReadonlySet<string> = new Set(Object.values(Method));

/** What a request turned out to be about; all names are the catalog's. */
interface OperationTarget {
  method: string;
  server: string;
  /** Unprefixed name of the definition; absent for a URI that only a prefix claims. */
  name: string | undefined;
}

/** How a request failed: a class of error with few values, and the text that its client gets. */
interface RequestFailure {
  type: string;
  message?: string;
}

/**
 * One MCP request as telemetry sees it: one span and one value of `mcp.server.operation.duration`, by the names of
 * OpenTelemetry's semantic conventions for MCP. Arguments, results, URIs and tokens are never said.
 */
export class RequestSpan {
  readonly #span: Span;
  readonly #startedAt = performance.now();
  readonly #method: string;
  readonly #version: string;
  #server = '';
  #tool = '';
  #prompt = '';
  #failure: RequestFailure | undefined;

  constructor(request: { method: string; id: string | number; version: string }, context: RequestTraceContext) {
    this.#method = knownMethods.has(request.method) ? request.method : '_OTHER';
    this.#version = request.version;
    this.#span = beginSpan({
      name: this.#method,
      ...context,
      attributes: () => ({
        'mcp.method.name': this.#method,
        'mcp.protocol.version': this.#version,
        'jsonrpc.request.id': String(request.id).slice(0, 64),
        'network.transport': 'tcp',
        'network.protocol.name': 'http',
      }),
    });
  }

  /** For logs and error data, whether or not there is tracing. */
  get traceId(): string {
    return this.#span.traceId;
  }

  /** What the worker is told. */
  get carrier(): TraceCarrier {
    return this.#span.carrier;
  }

  /** Says what the request is about, once the catalog has resolved its name. */
  concern({ method, server, name }: OperationTarget): void {
    this.#server = server;
    if (method === Method.toolsCall) this.#tool = name ?? '';
    if (method === Method.promptsGet) this.#prompt = name ?? '';
    if (!this.#span.recording) return;
    const attributes: SpanAttributes = { 'gatehouse.server': server };
    if (this.#tool !== '')
      Object.assign(attributes, { 'gen_ai.tool.name': this.#tool, 'gen_ai.operation.name': 'execute_tool' });
    if (this.#prompt !== '') attributes['gen_ai.prompt.name'] = this.#prompt;
    const target = this.#tool || this.#prompt;
    this.#span.describe(attributes, target === '' ? undefined : `${this.#method} ${target}`);
  }

  /** Says more about it; only for what is worth nothing unless somebody looks at traces. */
  describe(attributes: SpanAttributes): void {
    if (this.#span.recording) this.#span.describe(attributes);
  }

  /** Says that the request failed although it has an answer, such as that of a tool that failed. */
  fail(failure: RequestFailure): void {
    this.#failure = failure;
  }

  /** Ends it, with the failure given here or before. */
  end(failure = this.#failure): void {
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const labels = [this.#method, this.#server, this.#tool, this.#prompt, failure?.type ?? '', this.#version];
    duration.record(seconds, labels);
    this.#span.end(failure);
  }
}

/** Where a request's trace comes from. */
interface RequestTraceContext {
  parent: TraceCarrier;
  link?: TraceCarrier;
}

/**
 * `_meta` names the parent; the headers of the HTTP request around it are linked, or stand in for it where a client says
 * nothing in `_meta` (OpenTelemetry semantic conventions for MCP §Context propagation).
 */
export function readRequestTraceContext(meta: Record<string, unknown>, headers: RequestHeaders): RequestTraceContext {
  const parent = readTraceCarrier(meta);
  if (headers.traceparent === undefined) return { parent };
  const link = readTraceCarrier(headers);
  return parent.traceparent === undefined ? { parent: { ...link, ...parent } } : { parent, link };
}

/** What telemetry says about a refusal or a fault: the JSON-RPC code, or the class of what was thrown. */
export function failureOf(error: unknown): RequestFailure {
  if (typeof error === 'object' && error !== null) {
    if ('code' in error && typeof error.code === 'number')
      return { type: String(error.code), ...('message' in error ? { message: String(error.message) } : {}) };
    if ('status' in error && typeof error.status === 'number') return { type: String(error.status) };
  }
  return { type: String(ErrorCode.internalError) };
}
