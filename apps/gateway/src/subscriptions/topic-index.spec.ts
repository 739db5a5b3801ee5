import { describe, expect, it } from 'vitest';
import { Subscription } from './subscription.ts';
import { TopicIndex } from './topic-index.ts';
import { listGroup, readTopic, resourceGroup, topicName } from './topic.ts';
import type { Topic } from './topic.ts';

const subscribe = (...topics: Topic[]) =>
  new Subscription({ id: 1, topics } as never, { notify: () => true }, () => {});

describe('the index of topics', () => {
  it('finds who listens, and forgets all of who left', () => {
    const index = new TopicIndex();
    const both = subscribe({ group: 'g', key: 'a' }, { group: 'g', key: 'b' });
    const one = subscribe({ group: 'g', key: 'a' });
    index.add(both);
    index.add(one);
    expect([...index.listeners({ group: 'g', key: 'a' })]).toEqual([both, one]);
    expect(index.keys('g')).toEqual(['a', 'b']);
    index.remove(both);
    expect(index.has({ group: 'g', key: 'b' })).toBe(false);
    expect([...index.listeners({ group: 'g', key: 'a' })]).toEqual([one]);
    index.remove(one);
    expect(index.groups()).toEqual([]);
  });
});

describe('topics', () => {
  const tenants = ['acme', 'acme files', '*', '', 'a\nb'];

  it('of different tenants, endpoints and servers are different', () => {
    const groups = tenants.flatMap((tenant) => [
      listGroup(tenant, { kind: 'aggregate' }),
      listGroup(tenant, { kind: 'server', server: 'files' }),
      resourceGroup(tenant, { kind: 'aggregate' }, 'files'),
      resourceGroup(tenant, { kind: 'server', server: 'files' }, 'files'),
      resourceGroup(tenant, { kind: 'aggregate' }, 'mail'),
    ]);
    expect(new Set(groups).size).toBe(groups.length);
  });

  it.each(tenants)('of tenant %j are read back from their names', (tenant) => {
    const topic = { group: resourceGroup(tenant, { kind: 'aggregate' }, 'files'), key: 'a:\nb c' };
    expect(readTopic(topicName(topic))).toEqual(topic);
  });
});
