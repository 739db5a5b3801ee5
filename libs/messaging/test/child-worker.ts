/**
 * A worker in a process of its own, for tests that kill or stop it. Reads its options from CHILD_WORKER; answers
 * `echo`, never answers `hang`, and says on stdout when it serves.
 */
import { serveCalls } from '../src/index.ts';
import { connectTo, definitionsOf, echo, logger } from './bus.ts';

const options = JSON.parse(process.env.CHILD_WORKER ?? '{}') as { url: string; tenant: string; instance: string };
const connection = await connectTo(options.url);
const server = serveCalls({
  connection,
  tenant: options.tenant,
  instance: options.instance,
  servers: [
    {
      definitions: definitionsOf('echo'),
      handler: (call) => (call.name === 'hang' ? new Promise(() => {}) : echo(call)),
    },
  ],
  concurrency: 64,
  logger,
});
await server.ready;
process.stdout.write('serving\n');
