import type { FinalFrame, ReceivedFrame } from '@gatehouse/messaging';
import { ChunksLostError, collectFrame } from '@gatehouse/messaging';
import { ErrorCode, gatehouseError } from '@gatehouse/protocol';

/** How much of results is taken into memory to be translated for one POST of an older revision. */
export const maxCollectedBytes = 16 * 1024 * 1024;

/**
 * The whole of a frame that has to be looked into.
 * @throws JsonRpcError -31008 when it is too large for that; -31002 when the rest of it is lost
 */
export async function collectWhole(frame: ReceivedFrame, maxBytes: number, traceId: string): Promise<FinalFrame> {
  try {
    return await collectFrame(frame, maxBytes);
  } catch (error) {
    if (error instanceof RangeError)
      throw gatehouseError(ErrorCode.payloadTooLarge, 'The result is too large', {
        executed: 'yes',
        retryable: false,
        traceId,
      });
    if (!(error instanceof ChunksLostError)) throw error;
    const data = { executed: 'unknown', retryable: false, traceId } as const;
    throw gatehouseError(ErrorCode.outcomeUnknown, 'The outcome of the call is unknown', data);
  }
}
