import { StartError } from '@gatehouse/runtime';
import { JetStreamApiCodes, JetStreamApiError, JetStreamError } from '@nats-io/jetstream';
import { errors } from '@nats-io/nats-core';

/**
 * One sentence for what the operator can mend when JetStream refuses at the start; any other cause as it is.
 * @param what is kept there, for the sentence: `catalog`
 */
export function explainJetStreamFailure(cause: unknown, what: string): Error {
  if (isDenial(cause) || (cause instanceof Error && isDenial(cause.cause))) {
    return new StartError(`NATS denies this identity the ${what}: check NATS_USER and its permissions.`, { cause });
  }
  if (cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.JetStreamNotEnabledForAccount) {
    return new StartError('NATS has no JetStream for this account: switch it on (`jetstream { }`).', { cause });
  }
  if (cause instanceof JetStreamError) {
    return new StartError('NATS runs without JetStream: start nats-server with `-js` or a `jetstream` block.', {
      cause,
    });
  }
  return cause instanceof Error ? cause : new Error(String(cause));
}

function isDenial(cause: unknown): boolean {
  return cause instanceof errors.PermissionViolationError;
}
