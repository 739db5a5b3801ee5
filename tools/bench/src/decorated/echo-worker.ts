import { runWorker, Tool } from '@gatehouse/worker';
import type { TextContent } from '@gatehouse/worker';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

const echo = z.object({ text: z.string() });

/** The tool behind the gateway, written as a tool author writes one. */
@Injectable()
class EchoTool {
  @Tool({ name: 'echo', description: 'Says the text again.', input: echo, annotations: { readOnlyHint: true } })
  echo({ text }: z.infer<typeof echo>): TextContent[] {
    return [{ type: 'text', text }];
  }
}

await runWorker({ server: 'bench', version: '1.0.0', providers: [EchoTool] });
