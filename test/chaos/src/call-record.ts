/**
 * How a call ended for its caller. The first four are what is promised (ARCHITECTURE.md, rule 5); `silent` is a call that
 * nobody ended, `refused` one that was never accepted as a call.
 */
export type Ending = 'result' | 'not-executed' | 'unknown' | 'lost' | 'silent' | 'refused';

/** One call as its caller saw it. */
export interface CallRecord {
  key: string;
  tool: string;
  /** True when the tool is said to be read-only or idempotent, so that the platform may run it twice. */
  replayable: boolean;
  /** Which gateway it went to. */
  gateway: number;
  /** Milliseconds, by `performance.now()`. */
  startedAt: number;
  endedAt: number;
  deadlineMs: number;
  ending: Ending;
  /** JSON-RPC error code. */
  code?: number;
  /** `executed` of a typed failure; `yes` for a result that could not be delivered. */
  executed?: string;
  /** What the tool answered. */
  text?: string;
  /** Bytes of the final JSON-RPC message. */
  bytes?: number;
  /** For people who look into a failure. */
  detail?: string;
}

/** How long after its deadline a call ended; negative when it ended before. */
export function latenessMs({ startedAt, endedAt, deadlineMs }: CallRecord): number {
  return endedAt - startedAt - deadlineMs;
}

/** From the first byte of the request to the end of the answer. */
export function durationMs({ startedAt, endedAt }: CallRecord): number {
  return endedAt - startedAt;
}
