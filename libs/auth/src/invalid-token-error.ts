/** Why a token was refused: a closed list for the operator; the wire only hears `invalid_token`. */
export type InvalidTokenReason =
  | 'malformed'
  | 'algorithm'
  | 'type'
  | 'unknown-key'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not-yet-valid'
  | 'claims'
  | 'revoked';

/** RFC 6750 §3.1 `invalid_token`. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError';
  readonly reason: InvalidTokenReason;

  constructor(reason: InvalidTokenReason, options?: ErrorOptions) {
    super(`access token refused: ${reason}`, options);
    this.reason = reason;
  }
}

/** No key set was ever loaded, so nothing can be said about any token. Not the caller's fault. */
export class KeySetUnavailableError extends Error {
  override readonly name = 'KeySetUnavailableError';
}
