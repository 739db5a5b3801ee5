import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchFiles } from '../src/files/search-files.ts';
import { messageOf, serveDirectory, valueOf } from './served-directory.ts';
import type { ServedDirectory } from './served-directory.ts';

let served: ServedDirectory;

beforeAll(async () => {
  served = await serveDirectory({
    'a.txt': 'first\r\nThe Needle is here\r\nneedle again\r\n',
    'b/c.md': 'no\nneedle (.*)+ at the end',
    'b/binary.dat': Buffer.from('needle\0needle'),
    'b/long.txt': `${'x'.repeat(700_000)}needle${'y'.repeat(700_000)}needle\nsecond needle\n`,
    'many.txt': 'needle\n'.repeat(1_000),
    'split.txt': `${'ä\n'.repeat(87_380)}${'z'.repeat(20)}needle\n`,
  });
});

afterAll(() => served.remove());

const search = async (given: Record<string, unknown>) =>
  valueOf(await served.server.callTool('search', given)) as unknown as {
    matches: { path: string; line: number; text: string }[];
    stoppedBy?: string;
  };

describe('search', () => {
  it('finds lines in any case, with path, number and text', async () => {
    const { matches } = await search({ query: 'NEEDLE', name: 'a.*' });
    expect(matches).toEqual([
      { path: 'a.txt', line: 2, text: 'The Needle is here' },
      { path: 'a.txt', line: 3, text: 'needle again' },
    ]);
  });

  it('minds the case when asked to', async () => {
    const { matches } = await search({ query: 'Needle', caseSensitive: true });
    expect(matches).toEqual([{ path: 'a.txt', line: 2, text: 'The Needle is here' }]);
  });

  it('takes the query literally', async () => {
    const { matches } = await search({ query: '(.*)+' });
    expect(matches).toEqual([{ path: 'b/c.md', line: 2, text: 'needle (.*)+ at the end' }]);
  });

  it('searches below a directory, in one file, and skips binary files', async () => {
    const below = await search({ path: 'b', query: 'needle' });
    expect(below).toMatchObject({ filesSearched: 2, filesSkipped: 1 });
    expect(new Set(below.matches.map(({ path }) => path))).toEqual(new Set(['b/c.md', 'b/long.txt']));
    expect((await search({ path: 'a.txt', query: 'needle' })).matches).toHaveLength(2);
  });

  it('counts a line of a megabyte with two matches once, and cuts the line around it', async () => {
    const { matches } = await search({ path: 'b/long.txt', query: 'needle' });
    expect(matches.map(({ line }) => line)).toEqual([1, 2]);
    expect(matches[0]?.text).toMatch(/^\.\.\.x+needley+\.\.\.$/);
    expect(matches[0]?.text.length).toBeLessThan(320);
  });

  it('finds a match that two chunks share, with the right line', async () => {
    const { matches } = await search({ path: 'split.txt', query: 'zneedle' });
    expect(matches).toMatchObject([{ line: 87_381 }]);
  });

  it('stops at the number of results and says so', async () => {
    const found = await search({ path: 'many.txt', query: 'needle', maxResults: 10 });
    expect(found.matches).toHaveLength(10);
    expect(found.stoppedBy).toBe('results');
    expect(await search({ path: 'a.txt', query: 'needle', maxResults: 2 })).not.toHaveProperty('stoppedBy');
  });

  it.each([
    ['timeMs', { timeMs: -1, bytes: 1e9, results: 100 }],
    ['bytes', { timeMs: 60_000, bytes: 10, results: 100 }],
  ])('stops at its limit of %s and says so', async (stoppedBy, limits) => {
    const options = { query: 'absent', caseSensitive: false, limits };
    const found = await searchFiles(served.root, '', options, new AbortController().signal, () => {});
    expect(found).toMatchObject({ stoppedBy, matches: [] });
  });

  it('ends when the call is cancelled', async () => {
    const controller = new AbortController();
    controller.abort();
    const { result } = await served.server.callTool('search', { query: 'needle' }, { signal: controller.signal });
    expect(result.isError).toBe(true);
  });

  it('reports progress while it runs', async () => {
    for (let file = 0; file < 3_000; file++) writeFileSync(served.inside(`b/file-${file}.txt`), 'nothing');
    const { notifications } = await served.server.callTool(
      'search',
      { query: 'absent' },
      { meta: { progressToken: 1 } },
    );
    expect(notifications[0]).toMatchObject({
      method: 'notifications/progress',
      params: { progressToken: 1, message: expect.stringMatching(/^\d+ files searched, 0 matches$/) },
    });
  });

  it.each([
    [{ query: '' }, /query: /],
    [{ query: 'two\nlines' }, /query: must be text within one line/],
    [{ query: 'x', path: 'missing' }, /nothing at "missing"/],
  ])('refuses %j', async (given, message) => {
    expect(messageOf(await served.server.callTool('search', given))).toMatch(message);
  });
});
