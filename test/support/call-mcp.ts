import { MetaKey, modernVersion } from '@gatehouse/protocol';

/** The `_meta` that every modern request carries. */
export const modernMeta = {
  [MetaKey.protocolVersion]: modernVersion,
  [MetaKey.clientInfo]: { name: 'test', version: '1' },
  [MetaKey.clientCapabilities]: {},
};

/** What one POST was answered with. */
export interface Answer {
  status: number;
  headers: Headers;
  /** The JSON body, or the last event of a stream. */
  body: {
    method?: string;
    params?: Record<string, unknown>;
    id?: unknown;
    result?: Record<string, unknown>;
    error?: { code: number; message: string; data?: unknown };
  };
  /** Every event of a stream; empty for a JSON answer. */
  events: Answer['body'][];
}

/** Sends one modern request with the headers that belong to it; `headers` of undefined are left out. */
export async function callMcp(
  url: string,
  token: string | undefined,
  method: string,
  params: Record<string, unknown> = {},
  options: { id?: unknown; meta?: object; headers?: Record<string, string | undefined>; signal?: AbortSignal } = {},
): Promise<Answer> {
  const name = params.name ?? params.uri ?? params.taskId;
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': modernVersion,
    'mcp-method': method,
    'mcp-name': typeof name === 'string' ? name : undefined,
    authorization: token === undefined ? undefined : `Bearer ${token}`,
    ...options.headers,
  };
  const sent = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const body = {
    jsonrpc: '2.0',
    id: options.id ?? 1,
    method,
    params: { ...params, _meta: { ...modernMeta, ...options.meta } },
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: sent,
    body: JSON.stringify(body),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return readAnswer(response);
}

/** Reads a whole answer, JSON or stream. */
export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const { status, headers } = response;
  if (headers.get('content-type') !== 'text/event-stream')
    return { status, headers, body: text === '' ? {} : (JSON.parse(text) as Answer['body']), events: [] };
  const events = text.split('\n\n').flatMap((event) => {
    const data = event.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
    return data.length === 0 ? [] : [JSON.parse(data.join('\n')) as Answer['body']];
  });
  return { status, headers, body: events.at(-1) ?? {}, events };
}

/** The tools of a list answer. */
export function toolsOf({ body }: Answer): { name: string; outputSchema?: object }[] {
  return (body.result?.tools ?? []) as { name: string; outputSchema?: object }[];
}
