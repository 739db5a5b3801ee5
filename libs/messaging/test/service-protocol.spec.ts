import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogView, NatsConnection } from '../src/index.ts';
import { watchCatalog } from '../src/index.ts';
import { connectTo, definitionsOf, logger, newTenant, sharedNatsUrl, startWorker } from './bus.ts';

describe('NATS’s service protocol', () => {
  const tenant = newTenant();
  const name = `srv-${Math.random().toString(36).slice(2, 10)}`;
  let asker: NatsConnection;
  let keeper: CatalogView;
  let worker: Awaited<ReturnType<typeof startWorker>>;
  beforeAll(async () => {
    asker = await connectTo(sharedNatsUrl());
    keeper = await watchCatalog(asker, logger);
    worker = await startWorker(sharedNatsUrl(), tenant, definitionsOf(name), { instance: 'one' });
  });
  afterAll(async () => {
    await worker.stop();
    keeper.close();
    await asker.close();
  });

  const ask = async (natsSubject: string) => (await asker.request(natsSubject, '', { timeout: 1_000 })).json();
  const identity = () => ({ name, id: 'one', version: '1.0.0', metadata: { tenant } });

  it.each([`$SRV.PING.`, `$SRV.INFO.`, `$SRV.STATS.`])('answers %s<name> and %s<name>.<id>', async (prefix) => {
    for (const natsSubject of [`${prefix}${name}`, `${prefix}${name}.one`]) {
      const type = `io.nats.micro.v1.${prefix.split('.')[1]?.toLowerCase()}_response`;
      expect(await ask(natsSubject)).toMatchObject({ ...identity(), type });
    }
  });

  it('answers $SRV.PING without a name', async () => {
    const answers: unknown[] = [];
    for await (const answer of await asker.requestMany('$SRV.PING', '', { maxWait: 300 })) answers.push(answer.json());
    expect(answers).toContainEqual({ ...identity(), type: 'io.nats.micro.v1.ping_response' });
  });

  it('names the instance’s own subject and no queue group: there is no undirected way in', async () => {
    expect(await ask(`$SRV.INFO.${name}`)).toMatchObject({
      endpoints: [{ subject: `gh.call.${tenant}.${name}.one`, queue_group: '' }],
    });
  });

  it('counts calls', async () => {
    expect(await ask(`$SRV.STATS.${name}`)).toMatchObject({
      endpoints: [{ num_requests: 0, num_errors: 0, average_processing_time: 0 }],
    });
  });
});
