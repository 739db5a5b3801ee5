import { StartError } from '@gatehouse/runtime';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Prompt, Resource, Tool } from '../decorators.ts';
import { createTestServer } from '../testing/test-server.ts';
import { ServerChanges } from './server-changes.ts';

class Reports {
  readonly #changes: ServerChanges;

  constructor(changes: ServerChanges) {
    this.#changes = changes;
    changes.addResource({ uri: 'reports://first', name: 'first', description: 'The first.' }, () => 'one');
  }

  @Tool({ description: 'Write it.', input: z.object({ name: z.string() }) })
  write({ name }: { name: string }) {
    this.#changes.resourceUpdated(`reports://${name}`);
    return 'written';
  }

  @Resource({ uri: 'reports://index', description: 'All of them.' })
  index() {
    return 'index';
  }

  @Prompt({ description: 'Sum up.' })
  sum() {
    return 'Sum up.';
  }
}

function startReports() {
  const changes = new ServerChanges();
  const server = createTestServer({ server: 'reports', version: '1.0.0' }, [new Reports(changes), changes]);
  return { changes, server };
}

const namesOf = (definitions: readonly { name: string }[]) => definitions.map(({ name }) => name);

describe('a running server', () => {
  it('says which resources changed, during a call and without one', async () => {
    const { changes, server } = startReports();
    await server.callTool('write', { name: 'a' });
    changes.resourceUpdated('reports://b');
    expect(server.updatedResources).toEqual(['reports://a', 'reports://b']);
  });

  it('offers what was added before it ran', async () => {
    const { server } = startReports();
    expect(namesOf(server.definitions.resources)).toEqual(['index', 'first']);
    expect((await server.readResource('reports://first')).result).toMatchObject({ contents: [{ text: 'one' }] });
  });

  it('offers and answers a tool, a prompt and a resource that are added, until they are removed', async () => {
    const { changes, server } = startReports();
    const input = z.object({ by: z.number() });
    changes.addTool({ name: 'double', description: 'Doubles.', input }, ({ by }) => `${2 * by}`);
    changes.addPrompt({ name: 'more', description: 'More.' }, () => 'More!');
    changes.addResource({ uri: 'reports://new', name: 'new', description: 'New.' }, () => 'new');
    expect(namesOf(server.definitions.tools)).toEqual(['write', 'double']);
    expect(namesOf(server.definitions.prompts)).toEqual(['sum', 'more']);
    expect((await server.callTool('double', { by: 4 })).result).toMatchObject({ content: [{ text: '8' }] });
    expect((await server.callTool('double', { by: 'x' })).result).toMatchObject({ isError: true });
    expect((await server.getPrompt('more')).result).toMatchObject({ messages: [{ content: { text: 'More!' } }] });
    expect((await server.readResource('reports://new')).result).toMatchObject({ contents: [{ text: 'new' }] });
    expect([
      changes.removeTool('double'),
      changes.removePrompt('more'),
      changes.removeResource('reports://new'),
    ]).toEqual([true, true, true]);
    expect(namesOf(server.definitions.tools)).toEqual(['write']);
    expect(namesOf(server.definitions.prompts)).toEqual(['sum']);
    expect(namesOf(server.definitions.resources)).toEqual(['index', 'first']);
    expect((await server.callTool('double', { by: 4 })).error).toMatchObject({ code: -32602 });
  });

  it('may stop to offer what it declared', () => {
    const { changes, server } = startReports();
    expect(changes.removeTool('write')).toBe(true);
    expect(changes.removeTool('write')).toBe(false);
    expect(server.definitions.tools).toEqual([]);
  });

  it('finishes a call of a tool that is removed meanwhile', async () => {
    const { changes, server } = startReports();
    const release = Promise.withResolvers<string>();
    changes.addTool({ name: 'slow', description: 'Waits.' }, () => release.promise);
    const call = server.callTool('slow');
    changes.removeTool('slow');
    release.resolve('done');
    expect((await call).result).toMatchObject({ content: [{ text: 'done' }] });
  });

  it.each<[string, (changes: ServerChanges) => void, RegExp]>([
    [
      'a name that is taken',
      (changes) => changes.addTool({ name: 'write', description: 'Again.' }, () => ''),
      /^The added tool "write"/,
    ],
    [
      'no description',
      (changes) => changes.addPrompt({ name: 'empty', description: '' }, () => ''),
      /^The added prompt "empty"/,
    ],
    [
      'no URI',
      (changes) => changes.addResource({ uri: 'none', name: 'none', description: 'None.' }, () => ''),
      /^The added resource "none"/,
    ],
  ])('refuses what has %s, and offers what it did before', (_, add, sentence) => {
    const { changes, server } = startReports();
    const before = structuredClone(server.definitions);
    expect(() => add(changes)).toThrow(StartError);
    expect(() => add(changes)).toThrow(sentence);
    expect(server.definitions).toEqual(before);
  });
});
