import { Prompt, ResourceTemplate, Tool } from '@gatehouse/worker';
import type { CallContext, CreateMessageResult, ReadContext } from '@gatehouse/worker';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { RunLog } from './run-log.ts';

const orderInput = z.object({ id: z.string() });
const person = z.object({ name: z.string().min(2), express: z.boolean().default(false) });
const question = { message: 'Who gets it?', schema: person };

@Injectable()
export class Offers {
  readonly #log: RunLog;

  constructor(log: RunLog) {
    this.#log = log;
  }

  @Tool({ description: 'Asks a person for a name, a person for a page, a model and for roots.', input: orderInput })
  async order({ id }: z.output<typeof orderInput>, { step, elicit, ask }: CallContext): Promise<string> {
    this.#log.note(`run:${id}`);
    const number = await step('reserve', () => {
      this.#log.note(`reserve:${id}`);
      return `reserved ${id}`;
    });
    const who = await elicit('who', question);
    if (who.action !== 'accept') return `${number}, ${who.action}d`;
    const page = await elicit('pay', { message: 'Pay on this page', url: `https://shop.example/pay/${id}` });
    const { greeting, roots } = await ask({
      greeting: {
        sample: { messages: [{ role: 'user', content: { type: 'text', text: who.content.name } }], maxTokens: 9 },
      },
      roots: { listRoots: true },
    });
    this.#log.note(`done:${id}`);
    const speed = who.content.express ? 'fast' : 'slowly';
    return [number, who.content.name, speed, page.action, textOf(greeting), ...roots.map(({ uri }) => uri)].join(', ');
  }

  @Tool({ description: 'Redeems a voucher, once.', input: orderInput, singleUseState: true })
  async redeem({ id }: z.output<typeof orderInput>, { elicit }: CallContext): Promise<string> {
    const { action } = await elicit('sure', { message: 'Sure?', schema: z.object({}) });
    if (action === 'accept') this.#log.note(`redeem:${id}`);
    return action;
  }

  @Prompt({ description: 'Asks before it says anything.' })
  async letter(_arguments: object, { elicit }: CallContext): Promise<string> {
    const who = await elicit('who', question);
    return who.action === 'accept' ? `Write to ${who.content.name}.` : 'Write to nobody.';
  }

  @ResourceTemplate({ uriTemplate: 'asking://reports/{id}', description: 'Asks before it is read.' })
  async report({ id }: { id: string }, { elicit }: ReadContext): Promise<string> {
    const who = await elicit('who', question);
    return `Report ${id} for ${who.action === 'accept' ? who.content.name : 'nobody'}`;
  }
}

function textOf({ content }: CreateMessageResult): string {
  return Array.isArray(content) || content.type !== 'text' ? 'no text' : content.text;
}
