import { setTimeout as delay } from 'node:timers/promises';
import { listedToolName } from './decorated/listed-tools.ts';

const revision = '2026-07-28';
const readyTimeoutMs = 15_000;

/** One request at MCP 2026-07-28 that is sent again and again, and how a right answer to it is known. */
export interface PreparedRequest {
  body: string;
  /** MCP 2026-07-28 Streamable HTTP §Sending Messages. */
  headers: Record<string, string>;
  /** Text of every right answer: what a run compares when it looks at all of them. */
  expectedText: string;
  /** Looks at one answer closely. */
  isRight(result: AnswerResult): boolean;
}

/** Where a request is sent. */
export interface Endpoint {
  name: string;
  url: string;
  /** Sent where the endpoint asks for one. */
  accessToken?: string;
}

interface AnswerResult {
  resultType?: unknown;
  isError?: unknown;
  content?: { type?: unknown; text?: unknown }[];
  tools?: { name?: unknown; inputSchema?: unknown }[];
  nextCursor?: unknown;
}

const echoText = 'The text that comes back.';

/** `tools/call` of the echo tool that every target has. */
export const echoCall: PreparedRequest = {
  ...prepare('tools/call', { name: 'echo', arguments: { text: echoText } }),
  expectedText: echoText,
  isRight: ({ resultType, isError, content = [] }) =>
    resultType === 'complete' &&
    isError !== true &&
    content.length === 1 &&
    content[0]?.type === 'text' &&
    content[0].text === echoText,
};

/** `tools/list` of a server with that many tools, all of them in one answer. */
export function toolsList(count: number): PreparedRequest {
  return {
    ...prepare('tools/list', {}),
    expectedText: listedToolName(count),
    isRight: ({ resultType, tools = [], nextCursor }) =>
      resultType === 'complete' &&
      nextCursor === undefined &&
      tools.length === count &&
      new Set(tools.map(({ name }) => name)).size === count &&
      tools.every(({ inputSchema }) => typeof inputSchema === 'object'),
  };
}

/** The headers of a request to an endpoint, without its content type. */
export function headersTo({ accessToken }: Endpoint, request: PreparedRequest): Record<string, string> {
  return accessToken === undefined ? request.headers : { ...request.headers, authorization: `Bearer ${accessToken}` };
}

/**
 * Sends the request until it is answered with 200 and rightly: a gateway hears of its worker a moment after it started.
 * @throws Error with the last answer when that takes too long
 */
export async function waitForRightAnswer(endpoint: Endpoint, request: PreparedRequest): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  for (;;) {
    const { isRight, said } = await ask(endpoint, request);
    if (isRight) return;
    if (performance.now() > deadline) throw new Error(`${endpoint.name} answers with ${said.slice(0, 2000)}`);
    await delay(100);
  }
}

async function ask(endpoint: Endpoint, request: PreparedRequest): Promise<{ isRight: boolean; said: string }> {
  try {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: { ...headersTo(endpoint, request), 'content-type': 'application/json' },
      body: request.body,
    });
    const body = await response.text();
    return { isRight: response.status === 200 && isRightBody(body, request), said: `${response.status}: ${body}` };
  } catch (error) {
    return { isRight: false, said: String(error) };
  }
}

function isRightBody(body: string, request: PreparedRequest): boolean {
  const { id, result } = JSON.parse(body) as { id?: unknown; result?: AnswerResult };
  return id === 1 && result !== undefined && body.includes(request.expectedText) && request.isRight(result);
}

/** A request of any method, with its envelope. */
export function prepare(
  method: string,
  params: { name?: string } & Record<string, unknown>,
  id = 1,
): Pick<PreparedRequest, 'body' | 'headers'> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return {
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } }),
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': revision,
      'mcp-method': method,
      ...(params.name === undefined ? {} : { 'mcp-name': params.name }),
    },
  };
}
