import type { FinalFrame } from '@gatehouse/messaging';
import { encodeErrorResponse, ErrorCode, isObject, Method, missingClientCapability } from '@gatehouse/protocol';
import type { RequestMessage } from '@gatehouse/protocol';

/**
 * What the 2025 revisions would call the worker's final frame. Members that they do not know (`resultType`, `ttlMs`)
 * stay: their clients have to ignore them. The bytes come back untouched unless something must change.
 * @throws JsonRpcError -32021 for a question to the user, which needs the session that comes with its answer
 */
export function translateFrame(message: RequestMessage, frame: FinalFrame): Uint8Array {
  if (frame.kind === 'error') return translateError(message, frame);
  if (frame.resultType === 'input_required') throw missingClientCapability(askedCapabilities(parse(frame.body)));
  return message.method === Method.toolsCall ? withObjectContent(frame.body) : frame.body;
}

/** 2025-11-25 Resources §Error Handling: an unknown resource is -32002, which 2026-07-28 made -32602. */
function translateError(message: RequestMessage, frame: FinalFrame): Uint8Array {
  if (message.method !== Method.resourcesRead || frame.errorCode !== ErrorCode.invalidParams) return frame.body;
  const response = parse(frame.body);
  if (!isObject(response.error)) return frame.body;
  const { message: text, data } = response.error;
  return encodeErrorResponse(message.id, {
    code: ErrorCode.legacyResourceNotFound,
    message: String(text),
    data: isObject(data) ? data : undefined,
  });
}

/** Structured content is an object in the 2025 revisions and any value since: clients refuse a result with another. */
function withObjectContent(body: Uint8Array): Uint8Array {
  if (!Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes('"structuredContent"')) return body;
  const response = parse(body);
  const { result } = response;
  if (!isObject(result) || isObject(result.structuredContent) || result.structuredContent === undefined) return body;
  const { structuredContent: _, ...rest } = result;
  return Buffer.from(JSON.stringify({ ...response, result: rest }));
}

const capabilityOfMethod: Record<string, string> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

function askedCapabilities(response: Record<string, unknown>): Record<string, object> {
  const requests =
    isObject(response.result) && isObject(response.result.inputRequests) ? response.result.inputRequests : {};
  const asked: Record<string, object> = {};
  for (const request of Object.values(requests)) {
    const capability = isObject(request) ? capabilityOfMethod[String(request.method)] : undefined;
    if (capability !== undefined) asked[capability] = {};
  }
  return asked;
}

/** The same for pages of tools: output schemas of the 2025 revisions describe objects. */
export function translateToolPage(page: Uint8Array): Uint8Array {
  const known = translatedPages.get(page);
  if (known !== undefined) return known;
  const result = parse(page) as { tools: { outputSchema?: { type?: unknown } }[] };
  const tools = result.tools.map(({ outputSchema, ...tool }) =>
    outputSchema?.type === 'object' ? { ...tool, outputSchema } : tool,
  );
  const translated = Buffer.from(JSON.stringify({ ...result, tools }));
  translatedPages.set(page, translated);
  return translated;
}

const translatedPages = new WeakMap<Uint8Array, Uint8Array>();

function parse(bytes: Uint8Array): Record<string, unknown> {
  const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  return isObject(value) ? value : {};
}
