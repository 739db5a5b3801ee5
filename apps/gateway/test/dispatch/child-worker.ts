/**
 * A worker in a process of its own, for tests that kill it. Every execution of `echo` takes 20 ms and is one line in
 * the ledger, written before the answer.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectNats, serveCalls } from '@gatehouse/messaging';
import { createLogger } from '@gatehouse/runtime';

const options = JSON.parse(process.env.CHILD_WORKER ?? '{}') as {
  url: string;
  tenant: string;
  instance: string;
  ledger: string;
  definitions: Parameters<typeof serveCalls>[0]['servers'][0]['definitions'];
};
const logger = createLogger('child', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
const connection = await connectNats({ servers: options.url, name: 'child', inboxPrefix: '_INBOX_child', logger });
const server = serveCalls({
  connection,
  tenant: options.tenant,
  instance: options.instance,
  servers: [
    {
      definitions: options.definitions,
      handler: async (call) => {
        const { id } = JSON.parse(Buffer.from(call.body).toString()) as { id: unknown };
        appendFileSync(options.ledger, `${JSON.stringify(id)}\n`);
        await sleep(20);
        const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: {} }));
        return { kind: 'result', resultType: 'complete', body };
      },
    },
  ],
  concurrency: 64,
  logger,
});
await server.ready;
process.stdout.write('serving\n');
