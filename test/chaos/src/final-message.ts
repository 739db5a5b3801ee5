/** A JSON-RPC response, as far as the suite reads it. */
export interface JsonRpcAnswer {
  result?: { content?: { text?: string }[]; isError?: boolean; [field: string]: unknown };
  error?: { code?: number; message?: string; data?: { executed?: string; retryable?: boolean } };
}

/**
 * The last JSON-RPC message of an answer, be it a document or a stream of events, with its size.
 * @returns undefined when the answer ended before it
 */
export function finalMessageOf(
  contentType: string | undefined,
  body: Buffer,
): { message: JsonRpcAnswer; bytes: number } | undefined {
  const text = contentType?.startsWith('text/event-stream') ? lastEventOf(body.toString()) : body.toString();
  if (text === undefined) return undefined;
  try {
    const message = JSON.parse(text) as JsonRpcAnswer;
    if (message.result === undefined && message.error === undefined) return undefined;
    return { message, bytes: Buffer.byteLength(text) };
  } catch {
    return undefined;
  }
}

/** Data of the last complete event (WHATWG HTML §9.2.6); an event without its blank line is none. */
function lastEventOf(stream: string): string | undefined {
  const blocks = stream.split('\n\n').slice(0, -1);
  for (const block of blocks.toReversed()) {
    const data = block.split('\n').filter((line) => line.startsWith('data:'));
    if (data.length > 0) return data.map((line) => line.slice(line[5] === ' ' ? 6 : 5)).join('\n');
  }
  return undefined;
}
