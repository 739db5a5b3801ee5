/** Why nothing was fetched. The words are for operators: told to callers they would map the inner network. */
export type OutboundReason =
  | 'url'
  | 'host_name'
  | 'port'
  | 'special_use_address'
  | 'unresolvable'
  | 'unreachable'
  | 'timeout'
  | 'redirect'
  | 'status'
  | 'too_large'
  | 'media_type'
  | 'content_encoding'
  | 'busy';

const passing = new Set<OutboundReason>(['unresolvable', 'unreachable', 'timeout', 'busy']);

/** A fetch that was refused or failed. */
export class OutboundRefusal extends Error {
  readonly reason: OutboundReason;
  /** It may work later, and what was fetched before need not be given up. */
  readonly isPassing: boolean;

  constructor(reason: OutboundReason, options: { isPassing?: boolean; cause?: unknown } = {}) {
    super(`outbound fetch refused: ${reason}`, options.cause === undefined ? {} : { cause: options.cause });
    this.reason = reason;
    this.isPassing = options.isPassing ?? passing.has(reason);
  }
}
