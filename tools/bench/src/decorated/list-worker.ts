import { runWorker, Tool } from '@gatehouse/worker';
import { z } from 'zod';
import { listedToolDescription, listedToolInput, listedToolName } from './listed-tools.ts';

/** A provider with that many tools; they are decorated in a loop because nobody wants to read five hundred of them. */
function providerWith(count: number): new () => object {
  class ListedTools {}
  for (let n = 1; n <= count; n++) {
    const descriptor = { value: () => 'nothing', configurable: true, writable: true };
    const name = listedToolName(n);
    Object.defineProperty(ListedTools.prototype, name, descriptor);
    Tool({ name, description: listedToolDescription, input: listedToolInput, annotations: { readOnlyHint: true } })(
      ListedTools.prototype,
      name,
      descriptor,
    );
  }
  return ListedTools;
}

/** The server behind the gateway whose list is asked for. */
await runWorker({
  name: 'list-worker',
  settings: { LISTED_TOOLS: z.coerce.number().int().positive().describe('How many tools the server has') },
  servers: ({ LISTED_TOOLS }) => [
    { server: `lists-${LISTED_TOOLS}`, version: '1.0.0', providers: [providerWith(LISTED_TOOLS)] },
  ],
});
