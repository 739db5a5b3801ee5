import type { ReceivedFrame } from '@gatehouse/messaging';
import type { Principal, RequestHeaders, RequestMessage, RequestMeta } from '@gatehouse/protocol';
import type { CatalogEndpoint } from '../catalog/resolution.ts';
import type { RequestSpan } from '../telemetry/request-span.ts';

/** Everything about one POST that is known before its message is understood. */
export interface Incoming {
  endpoint: CatalogEndpoint;
  principal: Principal;
  headers: RequestHeaders;
  body: Buffer;
  /** How much of a result may be taken into memory, where less than all of it will not do; by default what one POST may. */
  maxCollectedBytes?: number;
}

/** One request in the words of the newest revision, whatever era it came in. */
export interface McpRequest {
  endpoint: CatalogEndpoint;
  principal: Principal;
  /** Revision that the client speaks. */
  version: string;
  message: RequestMessage;
  meta: RequestMeta;
  /** The message as bytes, for the worker. */
  body: Uint8Array;
  /** Headers that mirror tool parameters; undefined in eras that have none. */
  paramHeaders: RequestHeaders | undefined;
  span: RequestSpan;
}

/** Where notifications of a request go, and how it is heard that nobody waits for them any more. */
export interface RequestContext {
  /** Sends a notification; false when it was dropped, because nobody reads or too much waits for the reader. */
  notify(message: Uint8Array): boolean;
  /** Turns the answer into a stream of events now: it has heartbeats from here on and may last for ever. */
  open(): void;
  /** Called before the request is handed to a worker. */
  expectDelay(): void;
  /** Calls `listener` when the response is over: all of it is out, or the client has gone. */
  onClose(listener: () => void): void;
  /** Aborted when the client goes away. Whether that cancels the request depends on its era. */
  readonly signal: AbortSignal;
}

/** A successful answer: a result that the gateway made, or the worker's final frame as it came. */
export type McpAnswer = { kind: 'result'; result: Uint8Array } | { kind: 'frame'; frame: ReceivedFrame };
