import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Prompt } from '../decorators.ts';
import { createTestServer } from '../testing/test-server.ts';

class Prompts {
  @Prompt({
    description: 'Plan a day.',
    arguments: z.object({ city: z.string().describe('Where').meta({ title: 'City' }), mood: z.string().optional() }),
  })
  plan({ city, mood }: { city: string; mood?: string | undefined }) {
    return `Plan a day in ${city}${mood ? ` in a ${mood} mood` : ''}.`;
  }

  @Prompt({ name: 'small.talk', title: 'Small talk', description: 'Talk.' })
  talk() {
    return [{ role: 'assistant' as const, content: { type: 'text' as const, text: 'Nice weather.' } }];
  }

  @Prompt({ description: 'Asks first.' })
  ask() {
    return { resultType: 'input_required' as const, inputRequests: {}, requestState: 'state' };
  }
}

const server = createTestServer({ server: 'weather', version: '1.2.3' }, [new Prompts()]);

describe('prompts/get', () => {
  it('validates arguments and makes a user message of text', async () => {
    const { result } = await server.getPrompt('plan', { city: 'Bern', mood: 'calm' });
    expect(result).toMatchObject({
      resultType: 'complete',
      messages: [{ role: 'user', content: { type: 'text', text: 'Plan a day in Bern in a calm mood.' } }],
    });
  });

  it('passes messages and raw input_required results through', async () => {
    const talk = await server.getPrompt('small.talk');
    expect(talk.result.messages).toEqual([{ role: 'assistant', content: { type: 'text', text: 'Nice weather.' } }]);
    const ask = await server.getPrompt('ask');
    expect(ask.result).toMatchObject({ resultType: 'input_required', inputRequests: {} });
  });

  it.each([
    ['an unknown prompt', 'missing', {}, 'Unknown prompt: missing'],
    ['a missing argument', 'plan', {}, 'Invalid arguments for the prompt plan - city: '],
  ])('answers -32602 to %s (Prompts §Error Handling)', async (_case, name, given, message) => {
    const { error } = await server.getPrompt(name, given);
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining(message) });
  });

  it('lists the arguments of the schema', () => {
    expect(server.definitions.prompts.slice(0, 2)).toEqual([
      {
        name: 'plan',
        description: 'Plan a day.',
        arguments: [
          { name: 'city', title: 'City', description: 'Where', required: true },
          { name: 'mood', required: false },
        ],
      },
      { name: 'small.talk', title: 'Small talk', description: 'Talk.' },
    ]);
  });
});
