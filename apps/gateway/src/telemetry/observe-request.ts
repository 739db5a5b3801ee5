import type { McpAnswer } from '../endpoint/mcp-request.ts';
import { failureOf } from './request-span.ts';
import type { RequestSpan } from './request-span.ts';

/**
 * Has a request answered and ends its span with the answer.
 * @throws what `answer` throws
 */
export function observeRequest(
  span: RequestSpan,
  answer: () => McpAnswer | Promise<McpAnswer>,
): McpAnswer | Promise<McpAnswer> {
  let answered: McpAnswer | Promise<McpAnswer>;
  try {
    answered = answer();
  } catch (error) {
    span.end(failureOf(error));
    throw error;
  }
  if (!(answered instanceof Promise)) {
    span.end();
    return answered;
  }
  return answered.then(
    (result) => {
      span.end();
      return result;
    },
    (error: unknown) => {
      span.end(failureOf(error));
      throw error;
    },
  );
}
