import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { listenTo } from './support/listen-stream.ts';
import { startTestGateway, waitUntil } from './support/test-gateway.ts';

it('a subscription that hears nothing gets a comment every 15 s, and no message', async () => {
  const test = await startTestGateway();
  // The start of the worker is a change too.
  await sleep(1_000);
  const openedAt = performance.now();
  const stream = await listenTo(`${test.url}/mcp`, await test.token(), { promptsListChanged: true });
  await waitUntil(() => stream.comments() > 0);
  expect(Math.round((performance.now() - openedAt) / 1_000)).toBe(15);
  expect(stream.heard()).toEqual([]);
  stream.close();
  await test.stop();
}, 30_000);
