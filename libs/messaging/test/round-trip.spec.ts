import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IncomingCall } from '../src/index.ts';
import { definitionsOf, echo, newTenant, openGateway, requestOf, sharedNatsUrl, startWorker, until } from './bus.ts';

const neverAborted = new AbortController().signal;

describe('a call from a gateway to one instance', () => {
  let gateway: Awaited<ReturnType<typeof openGateway>>;
  beforeAll(async () => {
    gateway = await openGateway(sharedNatsUrl());
  });
  afterAll(() => gateway.close());

  it('carries the body unchanged and everything that the gateway decided beside it', async () => {
    const tenant = newTenant();
    const definitions = definitionsOf('files');
    let seen: IncomingCall | undefined;
    const worker = await startWorker(sharedNatsUrl(), tenant, definitions, {
      handler: (call) => {
        seen = call;
        return echo(call);
      },
    });
    await until(() => gateway.registry.pick(tenant, 'files', requestOf(tenant, definitions).digest) !== undefined);
    const request = requestOf(tenant, definitions, { name: 'a name\r\nwith: lines', traceparent: '00-1-2-01' });
    const instance = gateway.registry.pick(tenant, 'files', request.digest);
    if (!instance) throw new Error('no instance');
    const outcome = await gateway.calls.call(instance.address, request, () => {}, neverAborted);
    expect(outcome).toMatchObject({ kind: 'answered', frame: { kind: 'result', resultType: 'complete' } });
    expect(seen).toMatchObject({
      tenant,
      server: 'files',
      method: 'tools/call',
      name: 'a name\r\nwith: lines',
      principal: request.principal,
      traceparent: '00-1-2-01',
    });
    expect(Buffer.from(seen?.body ?? [])).toEqual(request.body);
    await worker.stop();
  });
});
