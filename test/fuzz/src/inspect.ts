import type { Exchange } from './exchange.ts';
import { hangMs } from './exchange.ts';

/** What only a programmer should ever see (V8's stack traces, paths of this source). */
const stackTrace = /\n?\s+at .{1,200}:\d+:\d+|node:internal\/|\/(?:apps|libs)\/[a-z-]+\/(?:src|dist)\//;

/** True when a text shows where in the code something went wrong. */
export function showsStack(text: string): boolean {
  return stackTrace.test(text);
}

/** JSON-RPC code of an answer; undefined when it is no error. */
export function errorCodeOf({ body }: Exchange): number | undefined {
  const code = /"error":\{"code":(-?\d+)/.exec(body)?.[1];
  return code === undefined ? undefined : Number(code);
}

/** What is wrong with an answer, whatever the request was; undefined when nothing is. */
export function findFault(exchange: Exchange): string | undefined {
  const { kind, status, contentType, body, tookMs } = exchange;
  if (kind === 'timeout') return `no answer within ${hangMs} ms`;
  if (kind === 'closed') return isSilent(body) ? undefined : 'the connection ended within an answer';
  if (tookMs > hangMs) return `the answer took ${Math.round(tookMs)} ms`;
  if (showsStack(body)) return 'the answer shows a stack trace';
  const code = errorCodeOf(exchange);
  if (code === -32603) return `an internal error (${status})`;
  if (status >= 500 && !(contentType.startsWith('application/json') && /"error":/.test(body)))
    return `an untyped ${status}`;
  return undefined;
}

/** Nothing was said, or only that the body may come. */
function isSilent(received: string): boolean {
  return /^(HTTP\/1\.1 100 Continue\r\n\r\n)?$/.test(received);
}
