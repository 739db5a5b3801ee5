import type { TaskIndex } from '@gatehouse/messaging';
import { createLogger } from '@gatehouse/runtime';
import { expect, it } from 'vitest';
import type { McpRequest } from '../endpoint/mcp-request.ts';
import type { TaskAccess } from '../tasks/task-access.ts';
import type { Subscriptions } from './subscriptions.ts';
import { TaskChanges } from './task-changes.ts';

it('leaves out a task that ended with more than a notification holds, without reading it', async () => {
  const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
  const index = {
    listen: () => () => {},
    find: ({ taskId }: { taskId: string }) => ({
      status: 'completed',
      bytes: taskId.startsWith('a') ? 6_000_000 : 1_100,
    }),
  } as unknown as TaskIndex;
  const read: string[] = [];
  const tasks = {
    read: ({ taskId }: { taskId: string }) => {
      read.push(taskId);
      return Promise.resolve({ state: { scopes: [] }, content: new Uint8Array(100) });
    },
  } as unknown as TaskAccess;
  const changes = new TaskChanges(logger, index, tasks, {} as Subscriptions);
  const request = {
    principal: { tenant: 't1', issuer: 'https://login.example', accountId: 'ada', scopes: [] },
    endpoint: { kind: 'all' },
    meta: { clientCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
    span: { traceId: 'trace' },
  } as unknown as McpRequest;
  const topics = await changes.acknowledge(request, ['a'.repeat(32), 'b'.repeat(32)]);
  expect(topics.map(({ key }) => key)).toEqual(['b'.repeat(32)]);
  expect(read).toEqual(['b'.repeat(32)]);
});
