import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/nats-core';

/** A write to a stream that was certainly not made. */
export class RefusedWriteError extends Error {
  override readonly name = 'RefusedWriteError';
}

/** True when a write to a stream was certainly not made: it was refused, or no stream was there. After any other failure it may have been. */
export function isRefusedWrite(error: unknown): boolean {
  if (error instanceof RefusedWriteError || error instanceof JetStreamApiError) return true;
  return error instanceof Error && error.cause instanceof errors.RequestError && error.cause.isNoResponders();
}
