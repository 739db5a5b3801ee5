import { setTimeout as delay } from 'node:timers/promises';

/** The one call that every target answers: `tools/call` of an echo tool at MCP 2026-07-28, headers included. */
export const echoText = 'The text that comes back.';

const revision = '2026-07-28';
const readyTimeoutMs = 10_000;

export const echoBody = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'echo',
    arguments: { text: echoText },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': revision,
      'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
});

/** MCP 2026-07-28 Streamable HTTP §Sending Messages, and the access token where the target asks for one. */
export function echoHeaders(accessToken?: string): Record<string, string> {
  return {
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': revision,
    'mcp-method': 'tools/call',
    'mcp-name': 'echo',
    ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
  };
}

interface EchoAnswer {
  id?: unknown;
  result?: { resultType?: unknown; isError?: unknown; content?: { type?: unknown; text?: unknown }[] };
}

/**
 * Makes the call until it is answered with 200 and the text: a gateway hears of its worker a moment after it started.
 * @throws Error with the last answer when that takes too long
 */
export async function waitForEcho(target: {
  name: string;
  url: string;
  headers: Record<string, string>;
}): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  for (;;) {
    const response = await fetch(target.url, {
      method: 'POST',
      headers: { ...target.headers, 'content-type': 'application/json' },
      body: echoBody,
    });
    const body = await response.text();
    if (response.status === 200 && isEcho(body)) return;
    if (performance.now() > deadline) throw new Error(`${target.name} answers with ${response.status}: ${body}`);
    await delay(100);
  }
}

function isEcho(body: string): boolean {
  const { id, result } = JSON.parse(body) as EchoAnswer;
  const [content, ...more] = result?.content ?? [];
  return (
    id === 1 &&
    result?.resultType === 'complete' &&
    result.isError !== true &&
    content?.type === 'text' &&
    content.text === echoText &&
    more.length === 0
  );
}
