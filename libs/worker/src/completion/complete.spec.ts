import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CompletionContext } from '../context.ts';
import { Complete, Prompt, ResourceTemplate } from '../decorators.ts';
import { createTestServer } from '../testing/test-server.ts';

const cities = Array.from({ length: 130 }, (_none, index) => `city-${index}`);

class Offers {
  @Prompt({ description: 'Plan a day.', arguments: z.object({ city: z.string(), mood: z.string().optional() }) })
  plan() {
    return 'Plan a day.';
  }

  @ResourceTemplate({ uriTemplate: 'weather://archive/{+path}', description: 'The archive.' })
  archive({ path }: { path: string }) {
    return path;
  }
}

class Completers {
  @Complete({ prompt: 'plan', argument: 'city' })
  city(typed: string, context: CompletionContext) {
    return context.arguments.mood ? [context.arguments.mood] : cities.filter((city) => city.startsWith(typed));
  }

  @Complete({ uriTemplate: 'weather://archive/{+path}', argument: 'path' })
  path(typed: string) {
    return { values: [`${typed}/2026`], hasMore: true };
  }
}

const server = createTestServer({ server: 'weather', version: '1.2.3' }, [new Completers(), new Offers()]);

describe('completion/complete', () => {
  it('answers at most 100 values with the total (Completion §Completion Results)', async () => {
    const { result } = await server.complete('plan', 'city', 'city-');
    expect(result).toMatchObject({
      resultType: 'complete',
      completion: { values: cities.slice(0, 100), total: 130, hasMore: true },
    });
  });

  it('hands over the arguments that are filled in already', async () => {
    const params = { context: { arguments: { mood: 'calm' } } };
    const { result } = await server.complete('plan', 'city', '', { params });
    expect(result.completion).toEqual({ values: ['calm'], total: 1, hasMore: false });
  });

  it.each(['weather://archive/{+path}', 'weather://archive/2025'])('completes the variables of %s', async (uri) => {
    const { result } = await server.complete(uri, 'path', '2025');
    expect(result.completion).toEqual({ values: ['2025/2026'], hasMore: true });
  });

  it('has no values for an argument that nobody completes', async () => {
    const { result } = await server.complete('plan', 'mood', '');
    expect(result.completion).toEqual({ values: [], total: 0, hasMore: false });
  });

  it.each([
    ['an unknown prompt', 'x', {}],
    ['an unknown template', 'plan', { ref: { type: 'ref/resource', uri: 'plan' } }],
    ['an unknown argument', 'plan', { argument: { name: 'colour', value: '' } }],
    ['a missing argument', 'plan', { argument: undefined }],
    ['a value that is no text', 'plan', { argument: { name: 'city', value: 1 } }],
  ])('answers -32602 to %s', async (_case, name, params) => {
    const valid = { ref: { type: 'ref/prompt', name }, argument: { name: 'city', value: '' } };
    const { error } = await server.call('completion/complete', name, { params: { ...valid, ...params } });
    expect(error).toMatchObject({ code: -32602 });
  });

  it('announces completions only when something can be completed', () => {
    expect(server.definitions.completions).toBe(true);
    expect(createTestServer({ server: 'plain', version: '1' }, [new Offers()]).definitions.completions).toBe(false);
  });
});
