import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { serveDirectory } from './served-directory.ts';
import type { ServedDirectory } from './served-directory.ts';

let served: ServedDirectory;
const all: ServedDirectory[] = [];

beforeEach(async () => {
  served = await serveDirectory({ 'a.txt': 'old', 'folder/b.txt': 'b', 'folder/deep/c d.txt': 'c' });
  all.push(served);
});
afterAll(() => all.forEach(({ remove }) => remove()));

describe('clients that listen are told', () => {
  it.each<[string, string, Record<string, unknown>, string[]]>([
    ['of a file that was replaced', 'write', { path: 'a.txt', content: 'new', overwrite: true }, ['a.txt']],
    [
      'of a new file, and of the directories that list it and that may be new',
      'write',
      { path: 'x/y/z.txt', content: 'z' },
      ['x/y/z.txt', 'x/y', 'x', ''],
    ],
    [
      'of both ends of a move',
      'move',
      { from: 'folder/deep/c d.txt', to: 'e.txt' },
      ['folder/deep/c%20d.txt', 'folder/deep', 'e.txt', ''],
    ],
    ['of a file that was deleted', 'delete', { path: 'a.txt' }, ['a.txt', '']],
    ['of a directory that was deleted', 'delete', { path: 'folder', recursive: true }, ['folder', '']],
    ['nothing when nothing was written', 'write', { path: 'a.txt', content: 'old', overwrite: true }, []],
    ['nothing when nothing was there', 'delete', { path: 'nothing' }, []],
    ['nothing when it was refused', 'write', { path: 'a.txt', content: 'new' }, []],
    ['nothing when it was only read', 'read', { path: 'a.txt' }, []],
  ])('%s', async (_, tool, given, expected) => {
    await served.server.callTool(tool, given);
    expect(served.server.updatedResources).toEqual(expected.map((path) => `files:///${path}`));
  });

  it('by the URI under which the file can be read', async () => {
    await served.server.callTool('write', { path: 'ä #?/x.txt', content: 'x' });
    const [uri = ''] = served.server.updatedResources;
    expect((await served.server.readResource(uri)).result).toMatchObject({ contents: [{ text: 'x' }] });
  });
});
