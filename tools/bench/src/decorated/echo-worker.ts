import { Resource, runWorker, Tool } from '@gatehouse/worker';
import type { TextContent } from '@gatehouse/worker';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { watchedUri } from './watched-uri.ts';

const echo = z.object({ text: z.string() });

/** The tool behind the gateway, written as a tool author writes one, and a resource to listen to. */
@Injectable()
class EchoTool {
  @Tool({ name: 'echo', description: 'Says the text again.', input: echo, annotations: { readOnlyHint: true } })
  echo({ text }: z.infer<typeof echo>): TextContent[] {
    return [{ type: 'text', text }];
  }

  @Resource({ uri: watchedUri, description: 'A count that changes.' })
  count(): string {
    return '0';
  }
}

await runWorker({ server: 'bench', version: '1.0.0', providers: [EchoTool] });
