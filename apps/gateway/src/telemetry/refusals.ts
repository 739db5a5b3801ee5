import { ErrorCode, JsonRpcError } from '@gatehouse/protocol';
import { metrics } from '@gatehouse/runtime';

const refusals = metrics.counter({
  name: 'gatehouse.requests.refused',
  unit: '{request}',
  description: 'Requests that the gateway answered with an error of its own, by status and reason',
  labels: ['http.response.status_code', 'gatehouse.reason'],
});

const reasonOfCode: ReadonlyMap<number, string> = new Map(
  Object.entries(ErrorCode).map(([name, code]) => [
    code,
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  ]),
);

const reasonOfStatus: ReadonlyMap<number, string> = new Map([
  [401, 'unauthenticated'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [405, 'method_not_allowed'],
  [406, 'not_acceptable'],
  [408, 'too_slow'],
  [413, 'payload_too_large'],
  [415, 'unsupported_media_type'],
  [421, 'foreign_host'],
  [431, 'head_too_large'],
  [500, 'fault'],
  [503, 'issuer_unknown'],
]);

/** Counts a request that was refused, by a reason out of a closed list. */
export function countRefusal(status: number, error?: unknown): void {
  const byCode = error instanceof JsonRpcError ? (reasonOfCode.get(error.code) ?? 'other') : undefined;
  refusals.add(1, [String(status), byCode ?? reasonOfStatus.get(status) ?? 'malformed']);
}
