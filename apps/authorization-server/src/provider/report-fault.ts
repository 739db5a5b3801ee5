import type { Logger } from '@gatehouse/runtime';
import { maskPath } from '../entrance/mask-path.ts';
import { currentRequest } from '../entrance/request-context.ts';
import { reportFailedRequest } from '../events.ts';

/** Logs that a request at one of the provider's endpoints met a fault of ours. */
export function reportFault(logger: Logger, error: unknown, path: string): void {
  const traceId = currentRequest()?.traceId;
  reportFailedRequest(logger, { err: error, path: maskPath(path), ...(traceId === undefined ? {} : { traceId }) });
}
