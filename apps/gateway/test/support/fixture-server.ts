import type { CallHandler, FinalFrame, IncomingCall } from '@gatehouse/messaging';
import { ErrorCode, MetaKey } from '@gatehouse/protocol';
import type { RequestId, ServerDefinitions } from '@gatehouse/protocol';

const schema = { type: 'object' as const, properties: { text: { type: 'string' } } };
const readOnly = { readOnlyHint: true };

/** What the fixture worker offers: one of each kind, and a tool for each way a call can go. */
export function fixtureDefinitions(server: string): ServerDefinitions {
  return {
    server,
    title: 'Fixture',
    version: '3.2.1',
    instructions: 'Use echo.',
    completions: true,
    logging: true,
    uriPrefixes: [`${server}://`],
    tools: [
      { name: 'echo', description: 'Says it again', inputSchema: schema, annotations: readOnly },
      { name: 'write', inputSchema: schema },
      { name: 'purge', inputSchema: schema, gatehouse: { scopes: [`${server}:purge`] } },
      { name: 'fail', inputSchema: schema, annotations: readOnly },
      { name: 'ask', inputSchema: schema, annotations: readOnly },
      { name: 'report', inputSchema: schema, annotations: readOnly },
      { name: 'wait', inputSchema: schema, annotations: readOnly, gatehouse: { timeoutMs: 120_000 } },
      { name: 'large', inputSchema: schema, annotations: readOnly },
      { name: 'claim-task', inputSchema: schema, annotations: readOnly },
      { name: 'report-large', inputSchema: schema, annotations: readOnly },
      { name: 'list', inputSchema: schema, annotations: readOnly, outputSchema: { type: 'array', items: {} } },
      {
        name: 'sampled',
        inputSchema: schema,
        annotations: readOnly,
        gatehouse: { requiresClientCapabilities: { sampling: {} } },
      },
      {
        name: 'routed',
        inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
        annotations: readOnly,
      },
    ],
    resources: [{ uri: `${server}://readme`, name: 'readme', mimeType: 'text/plain' }],
    resourceTemplates: [{ uriTemplate: `${server}://notes/{id}`, name: 'note' }],
    prompts: [{ name: 'greet', arguments: [{ name: 'who', required: true }] }],
  };
}

/** A worker below the SDK: it answers frames, and remembers what it saw. */
export class FixtureWorker {
  readonly server: string;
  readonly cancelled: string[] = [];
  lastCall: IncomingCall | undefined;
  /** By account: calls that run, and the most that ever ran at the same time. */
  readonly running = new Map<string, { now: number; most: number }>();

  constructor(server: string) {
    this.server = server;
  }

  readonly handler: CallHandler = async (call) => {
    const running = this.running.get(call.principal.accountId) ?? { now: 0, most: 0 };
    this.running.set(call.principal.accountId, running);
    running.most = Math.max(running.most, ++running.now);
    try {
      return await this.#answer(call);
    } finally {
      running.now--;
    }
  };

  #answer(call: IncomingCall): Promise<FinalFrame> {
    this.lastCall = call;
    const { id, params } = JSON.parse(Buffer.from(call.body).toString()) as {
      id: RequestId;
      params: { arguments?: { text?: string }; _meta: { progressToken?: RequestId } };
    };
    if (call.method === 'tools/call') return this.#callTool(call, id, params);
    return Promise.resolve(this.#read(call, id));
  }

  #read(call: IncomingCall, id: RequestId): FinalFrame {
    if (call.method === 'prompts/get')
      return result(id, { messages: [{ role: 'user', content: { type: 'text', text: `prompt ${call.name}` } }] });
    if (call.method === 'completion/complete') return result(id, { completion: { values: [`for ${call.name}`] } });
    if (call.name.endsWith('missing'))
      return error(id, ErrorCode.invalidParams, 'Resource not found', { uri: call.name });
    return result(id, { contents: [{ uri: call.name, text: 'contents' }], ttlMs: 0, cacheScope: 'private' });
  }

  async #callTool(
    call: IncomingCall,
    id: RequestId,
    params: { arguments?: { text?: string }; _meta: { progressToken?: RequestId } },
  ): Promise<FinalFrame> {
    const text = params.arguments?.text ?? '';
    const {
      _meta: { progressToken = 1 },
    } = params;
    switch (call.name) {
      case 'fail':
        return { ...result(id, { content: [{ type: 'text', text: 'it failed' }], isError: true }), isError: true };
      case 'ask':
        return result(id, {
          resultType: 'input_required',
          inputRequests: { name: { method: 'elicitation/create', params: {} } },
        });
      case 'report':
        for (let progress = 1; progress <= 3; progress++)
          call.notify(notification('notifications/progress', { progressToken, progress }));
        return result(id, { content: [{ type: 'text', text: 'reported' }] });
      case 'wait':
        return new Promise((resolve) => {
          const timer = setTimeout(
            () => resolve(result(id, { content: [{ type: 'text', text: 'waited' }] })),
            Number(text),
          );
          call.signal.addEventListener('abort', () => {
            clearTimeout(timer);
            this.cancelled.push(call.callId);
            resolve(error(id, ErrorCode.internalError, 'cancelled'));
          });
        });
      case 'claim-task':
        return result(id, { resultType: 'task', taskId: 'x'.repeat(Number(text)) });
      case 'report-large':
        call.notify(notification('notifications/progress', { progressToken, progress: 1 }));
        return result(id, { content: [{ type: 'text', text: 'x'.repeat(Number(text)) }] });
      case 'large':
        return result(id, { content: [{ type: 'text', text: 'x'.repeat(Number(text)) }] });
      case 'list':
        return result(id, { content: [{ type: 'text', text: '[1,2]' }], structuredContent: [1, 2] });
      default:
        return result(id, { content: [{ type: 'text', text: `${call.name}: ${text}` }] });
    }
  }
}

function result(id: RequestId, body: { resultType?: string; [member: string]: unknown }): FinalFrame {
  const { resultType = 'complete' } = body;
  const meta = { [MetaKey.serverInfo]: { name: 'fixture', version: '3.2.1' } };
  return {
    kind: 'result',
    resultType,
    body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType, ...body, _meta: meta } })),
  };
}

function error(id: RequestId, code: number, message: string, data?: object): FinalFrame {
  return {
    kind: 'error',
    errorCode: code,
    body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data } })),
  };
}

function notification(method: string, params: object): Uint8Array {
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params }));
}
