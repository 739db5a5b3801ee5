import { setTimeout as delay } from 'node:timers/promises';
import { runWorker, Tool } from '@gatehouse/worker';
import type { ToolContext } from '@gatehouse/worker';
import { z } from 'zod';

const input = z.object({ workMs: z.number(), asks: z.boolean().default(false) });

class Jobs {
  @Tool({ name: 'job', description: 'Takes as long as it is told.', input, task: 'optional' })
  async work({ workMs, asks }: z.output<typeof input>, context: ToolContext): Promise<string> {
    await context.startTask();
    const answer = asks
      ? await context.elicit('name', { message: 'Who?', schema: z.object({ name: z.string() }) })
      : undefined;
    await delay(workMs, undefined, { signal: context.signal });
    return answer?.action === 'accept' ? `done for ${answer.content.name}` : 'done';
  }
}

// Offers a tool whose calls go on as tasks.
await runWorker({ server: 'jobs', version: '1.0.0', providers: [Jobs] });
