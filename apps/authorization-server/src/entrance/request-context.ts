import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of the request that is being handled, for audit and log. */
export interface RequestContext {
  /** W3C trace id of the request. */
  traceId: string;
  /** Address of the peer, behind trusted proxies that of their peer; for a command the machine that it runs on. */
  address: string;
  /** What the browser or program says it is. */
  userAgent?: string;
  /** Who acts, where nothing in the request says it: the operator of a command. */
  actor?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `handle` as the handling of one request. */
export function runRequest<T>(context: RequestContext, handle: () => T): T {
  return storage.run(context, handle);
}

/** The request that is being handled; undefined outside of any. */
export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}
