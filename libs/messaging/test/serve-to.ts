import type { CallHandler, CallOutcome, CallRequest } from '../src/index.ts';
import type { openGateway } from './bus.ts';
import { definitionsOf, newTenant, requestOf, sharedNatsUrl, startWorker, until } from './bus.ts';

const definitions = definitionsOf('echo');

export const text = (body: Uint8Array) => Buffer.from(body).toString();

/** The body of an answer that came whole. */
export const bodyOf = (outcome: CallOutcome) =>
  outcome.kind === 'answered' && 'body' in outcome.frame ? text(outcome.frame.body) : '';

export const progress = Buffer.from('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}');

/** A worker with this handler, and a function that calls it through a gateway. */
export async function serveTo(
  gateway: Awaited<ReturnType<typeof openGateway>>,
  handler: CallHandler,
  options: { concurrency?: number; servers?: string } = {},
) {
  const tenant = newTenant();
  const worker = await startWorker(options.servers ?? sharedNatsUrl(), tenant, definitions, { handler, ...options });
  const digest = requestOf(tenant, definitions).digest;
  await until(() => gateway.registry.isReady(tenant, 'echo', digest));
  const instance = gateway.registry.pick(tenant, 'echo', digest);
  if (!instance) throw new Error('no instance');
  const call = (
    changes: Partial<CallRequest> = {},
    callOptions: { onNotification?: (body: Uint8Array) => void; signal?: AbortSignal } = {},
  ): Promise<CallOutcome> =>
    gateway.calls.call(
      instance.address,
      requestOf(tenant, definitions, changes),
      callOptions.onNotification ?? (() => {}),
      callOptions.signal ?? new AbortController().signal,
    );
  return { ...worker, tenant, instance, call };
}
