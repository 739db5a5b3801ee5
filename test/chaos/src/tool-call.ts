import { Agent, request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { CallRecord, Ending } from './call-record.ts';
import { finalMessageOf } from './final-message.ts';
import type { JsonRpcAnswer } from './final-message.ts';

/** Where a caller stands and who it is. */
export interface Caller {
  gateway: number;
  port: number;
  accessToken: string;
}

/** One tool of the ledger server, as far as a caller must know it. */
interface ToolTerms {
  deadlineMs: number;
  replayable: boolean;
}

/** The tools of `ledger-worker`. */
export const ledgerTools: Readonly<Record<string, ToolTerms>> = {
  append: { deadlineMs: 5_000, replayable: false },
  append_brief: { deadlineMs: 2_000, replayable: false },
  append_replayable: { deadlineMs: 5_000, replayable: true },
  append_long: { deadlineMs: 120_000, replayable: false },
  block: { deadlineMs: 5_000, replayable: false },
  exit: { deadlineMs: 5_000, replayable: false },
  exit_replayable: { deadlineMs: 5_000, replayable: true },
  answer: { deadlineMs: 60_000, replayable: false },
  take: { deadlineMs: 10_000, replayable: false },
};

/** How long after deadline and grace a caller gives up: by then the promise is broken for certain. */
const patienceMs = 4_000;

const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

/** One request of revision 2026-07-28, with the name that its header repeats. */
export interface McpRequest {
  method: string;
  name?: string;
  params: Record<string, unknown>;
}

/** Sends a request to the ledger server; its response is whatever its sender makes of it. */
export function sendRequest(
  { port, accessToken }: Caller,
  { method, name, params }: McpRequest,
  onResponse: (response: IncomingMessage) => void,
): ClientRequest {
  const sent = request({ agent, host: '127.0.0.1', port, path: '/mcp/ledger', method: 'POST' }, onResponse);
  sent.setHeader('host', `localhost:${port}`);
  sent.setHeader('authorization', `Bearer ${accessToken}`);
  sent.setHeader('content-type', 'application/json');
  sent.setHeader('accept', 'application/json, text/event-stream');
  sent.setHeader('mcp-protocol-version', '2026-07-28');
  sent.setHeader('mcp-method', method);
  if (name !== undefined) sent.setHeader('mcp-name', name);
  sent.end(encodeRequest(method, params));
  return sent;
}

/** Sends a tool call. */
export function sendToolCall(
  caller: Caller,
  tool: string,
  toolArguments: object,
  onResponse: (response: IncomingMessage) => void,
): ClientRequest {
  const params = { name: tool, arguments: toolArguments };
  return sendRequest(caller, { method: 'tools/call', name: tool, params }, onResponse);
}

/** The body of a tool call. */
export function encodeToolCall(tool: string, toolArguments: object): Buffer {
  return encodeRequest('tools/call', { name: tool, arguments: toolArguments });
}

function encodeRequest(method: string, params: Record<string, unknown>): Buffer {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }));
}

/** Calls a tool of the ledger server and tells how it ended. Never rejects. */
export async function callTool(
  caller: Caller,
  tool: string,
  toolArguments: { key: string } & Record<string, unknown>,
): Promise<CallRecord> {
  const terms = ledgerTools[tool] as ToolTerms;
  const startedAt = performance.now();
  const ended = await new Promise<Partial<CallRecord> & { ending: Ending }>((resolve) => {
    const sent = sendToolCall(caller, tool, toolArguments, (response) => void readEnding(response).then(resolve));
    const overdue = setTimeout(() => {
      resolve({ ending: 'silent' });
      sent.destroy();
    }, terms.deadlineMs + patienceMs);
    sent.on('error', (error) => resolve({ ending: 'lost', detail: error.message }));
    sent.on('close', () => clearTimeout(overdue));
  });
  const { key } = toolArguments;
  return { key, tool, ...terms, gateway: caller.gateway, startedAt, endedAt: performance.now(), ...ended };
}

async function readEnding(response: IncomingMessage): Promise<Partial<CallRecord> & { ending: Ending }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    return { ending: 'lost', detail: (error as Error).message };
  }
  const { statusCode, headers } = response;
  const final = finalMessageOf(headers['content-type'], Buffer.concat(chunks));
  if (final === undefined)
    return { ending: 'lost', detail: `the answer (${statusCode}) ended without its last message` };
  return { ...endingOf(final.message, statusCode ?? 0), bytes: final.bytes };
}

/** Design §6: `executed` says which ending it is. */
function endingOf({ result, error }: JsonRpcAnswer, status: number): Partial<CallRecord> & { ending: Ending } {
  if (result !== undefined) {
    const text = result.content?.[0]?.text ?? '';
    return result.isError ? { ending: 'refused', detail: text } : { ending: 'result', text };
  }
  const { code = 0, message = '', data: { executed } = {} } = error ?? {};
  const detail = `${status} ${code} ${message}`;
  if (executed === 'no') return { ending: 'not-executed', code, executed, detail };
  if (executed === 'unknown' || executed === 'yes') return { ending: 'unknown', code, executed, detail };
  return { ending: 'refused', code, detail };
}
