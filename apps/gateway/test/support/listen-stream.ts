import { modernVersion } from '@gatehouse/protocol';
import { modernMeta, readAnswer } from '../../../../test/support/call-mcp.ts';
import type { Answer } from '../../../../test/support/call-mcp.ts';

export type StreamMessage = Answer['body'];

/** One open `subscriptions/listen` stream of a client that reads everything at once. */
export interface ListenStream {
  /** Every message so far; the first one is the acknowledgement. */
  readonly messages: StreamMessage[];
  /** What came after the acknowledgement, as `method` or `method uri`. */
  heard(): string[];
  /** Comments so far. */
  comments(): number;
  /** Resolves when the server has ended the stream; rejects when it broke. */
  readonly ended: Promise<void>;
  /** Closes the stream from the client's side. */
  close(): void;
}

/** Opens a stream and waits for its acknowledgement. */
export async function listenTo(
  url: string,
  token: string,
  notifications: unknown,
  id: string | number = 1,
  meta: object = modernMeta,
): Promise<ListenStream> {
  const opened = await openListen(url, token, notifications, id, meta);
  if (!('stream' in opened)) throw new Error(`no stream but ${JSON.stringify(opened.answer.body)}`);
  const { stream } = opened;
  while (stream.messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  return stream;
}

/** Sends `subscriptions/listen`: a stream, or the answer of a gateway that refused. */
export async function openListen(
  url: string,
  token: string,
  notifications: unknown,
  id: string | number = 1,
  meta: object = modernMeta,
): Promise<{ stream: ListenStream } | { answer: Answer }> {
  const leaving = new AbortController();
  const method = 'subscriptions/listen';
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': modernVersion,
      'mcp-method': method,
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { notifications, _meta: meta } }),
    signal: leaving.signal,
  });
  if (response.headers.get('content-type') !== 'text/event-stream') return { answer: await readAnswer(response) };
  return { stream: readStream(response, leaving) };
}

function readStream(response: Response, leaving: AbortController): ListenStream {
  const messages: StreamMessage[] = [];
  let comments = 0;
  const read = async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = event.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
        if (data.length > 0) messages.push(JSON.parse(data.join('\n')) as StreamMessage);
        else comments++;
      }
    }
  };
  const ended = read();
  ended.catch(() => {}); // for tests that do not ask
  return {
    messages,
    heard: () =>
      messages.slice(1).map(({ method = 'result', params = {} }) => {
        const { uri } = params;
        return typeof uri === 'string' ? `${method} ${uri}` : method;
      }),
    comments: () => comments,
    ended,
    close: () => leaving.abort(),
  };
}
