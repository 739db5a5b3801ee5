import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import type { TestAnswer } from '@gatehouse/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFile } from '../src/files/read-file.ts';
import { messageOf, serveDirectory, valueOf } from './served-directory.ts';
import type { ServedDirectory } from './served-directory.ts';

const lines = Array.from({ length: 1_000 }, (_none, index) => `line ${index + 1}\n`).join('');
const umlauts = 'äöü€𝄞'.repeat(20);
const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

let served: ServedDirectory;

beforeAll(async () => {
  served = await serveDirectory({
    'README.md': '# Read me\n',
    'lines.txt': lines,
    'umlauts.txt': umlauts,
    'image.png': png,
    'binary.dat': Buffer.from([1, 0, 255, 254]),
    'latin1.txt': Buffer.from('caf\xe9', 'latin1'),
    'empty.txt': '',
    'notes/b.md': 'b',
    'notes/a.md': 'a',
    'notes/deep/c.txt': 'c',
    'notes.txt': 'sorts between the directory and its content as bytes',
  });
  mkdirSync(served.inside('empty'));
  symlinkSync('notes/a.md', served.inside('link.md'));
});

afterAll(() => served.remove());

const call = (tool: string, given: Record<string, unknown>) => served.server.callTool(tool, given);

interface Listing {
  entries: { path: string; type: string }[];
  nextAfter?: string;
}

const listingOf = (answer: TestAnswer) => valueOf(answer) as unknown as Listing;

describe('list', () => {
  it('lists one directory in the order of names, with types, sizes and versions', async () => {
    const { entries } = listingOf(await call('list', { path: 'notes' }));
    expect(entries).toMatchObject([
      { path: 'notes/a.md', type: 'file', bytes: 1, mimeType: 'text/markdown', version: expect.any(String) },
      { path: 'notes/b.md', type: 'file' },
      { path: 'notes/deep', type: 'directory' },
    ]);
    expect(entries[2]).not.toHaveProperty('bytes');
  });

  it('goes through a whole tree page by page without loss or repetition', async () => {
    const all = listingOf(await call('list', { recursive: true })).entries.map(({ path }) => path);
    expect(all).toContain('notes/deep/c.txt');
    const paged: string[] = [];
    for (let after: string | undefined, page = 0; page < 100; page++) {
      const { entries, nextAfter } = listingOf(await call('list', { recursive: true, limit: 2, after }));
      paged.push(...entries.map(({ path }) => path));
      after = nextAfter;
      if (after === undefined) break;
    }
    expect(paged).toEqual(all);
  });

  it('finds files by a name pattern', async () => {
    const { entries } = listingOf(await call('list', { recursive: true, name: '*.MD' }));
    expect(entries.map(({ path }) => path)).toEqual(['README.md', 'link.md', 'notes/a.md', 'notes/b.md']);
  });

  it('says that it is not complete when a name is no UTF-8', async () => {
    mkdirSync(served.inside('names'));
    writeFileSync(served.inside('names/\ufffd.txt'), 'a name as good as any');
    expect(valueOf(await call('list', { path: 'names' }))).toMatchObject({ complete: true });
    writeFileSync(Buffer.from(`${served.inside('names')}/caf\xe9.txt`, 'latin1'), '');
    const listed = valueOf(await call('list', { path: 'names' }));
    expect(listed).toMatchObject({ entries: [{ path: 'names/\ufffd.txt' }], complete: false });
  });

  it('says what to do about a file or a missing directory', async () => {
    expect(messageOf(await call('list', { path: 'README.md' }))).toMatch(/is a file, not a directory/);
    expect(messageOf(await call('list', { path: 'missing' }))).toMatch(/nothing at "missing": use list or search/);
  });
});

describe('a list that is cancelled', () => {
  it('ends', async () => {
    const controller = new AbortController();
    controller.abort();
    const { result } = await served.server.callTool('list', { recursive: true }, { signal: controller.signal });
    expect(result.isError).toBe(true);
  });
});

describe('stat', () => {
  it.each([
    ['', { type: 'directory' }],
    ['notes', { type: 'directory' }],
    ['image.png', { type: 'file', bytes: 16, mimeType: 'image/png' }],
    ['link.md', { type: 'file', bytes: 1 }],
  ])('describes %j', async (path, expected) => {
    expect(valueOf(await call('stat', { path }))).toMatchObject({ path, ...expected });
  });

  it('gives a version that changes with the content', async () => {
    const version = async () => valueOf(await call('stat', { path: 'version.txt' })).version;
    writeFileSync(served.inside('version.txt'), 'one');
    const before = await version();
    expect(await version()).toBe(before);
    writeFileSync(served.inside('version.txt'), 'three');
    expect(await version()).not.toBe(before);
  });
});

describe('read', () => {
  it('answers a text as it is, with the whole description as structured content', async () => {
    const answer = await call('read', { path: 'README.md' });
    expect(answer.result.content).toEqual([{ type: 'text', text: '# Read me\n' }]);
    expect(valueOf(answer)).toMatchObject({
      path: 'README.md',
      encoding: 'utf-8',
      content: '# Read me\n',
      offset: 0,
      bytes: 10,
    });
    expect(valueOf(answer)).not.toHaveProperty('nextOffset');
  });

  it('reads lines, and tells with which one to go on', async () => {
    const part = valueOf(await call('read', { path: 'lines.txt', startLine: 500, lineCount: 2 }));
    expect(part).toMatchObject({ content: 'line 500\nline 501\n', startLine: 500, nextLine: 502 });
    const last = valueOf(await call('read', { path: 'lines.txt', startLine: 1_000 }));
    expect(last.content).toBe('line 1000\n');
    expect(last).not.toHaveProperty('nextLine');
  });

  it('puts a file together again from parts by bytes', async () => {
    for (const path of ['lines.txt', 'umlauts.txt']) {
      let text = '';
      for (let offset: number | undefined = 0; offset !== undefined;) {
        const part = valueOf(await call('read', { path, offset, maxBytes: 17 })) as {
          content: string;
          nextOffset?: number;
        };
        expect(Buffer.byteLength(part.content)).toBeLessThanOrEqual(17);
        text += part.content;
        offset = part.nextOffset;
      }
      expect(text).toBe(path === 'lines.txt' ? lines : umlauts);
    }
  });

  it('cuts a part of control characters where it grows too long for the bus, and misses none', async () => {
    const controls = Array.from(
      { length: 3_000 },
      (_none, index) => ['\u001b', '\u0001', '€', '"', '\n'][index % 5],
    ).join('');
    writeFileSync(served.inside('controls.txt'), controls);
    let text = '';
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const part = valueOf(await call('read', { path: 'controls.txt', offset, maxBytes: 1_000 })) as {
        content: string;
        nextOffset?: number;
      };
      expect(Buffer.byteLength(JSON.stringify(part.content)) - 2).toBeLessThanOrEqual(2_000);
      text += part.content;
      offset = part.nextOffset;
    }
    expect(text).toBe(controls);
  });

  it('answers by default what fits a bus that carries 1 MiB', async () => {
    writeFileSync(served.inside('controls.txt'), '\u0001'.repeat(2 ** 20));
    const { result } = await call('read', { path: 'controls.txt' });
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(2 ** 20 - 16 * 1024);
  });

  it('ends the search for a line at the first NUL, however large the file is', async () => {
    writeFileSync(served.inside('sparse.dat'), 'line 1\n');
    truncateSync(served.inside('sparse.dat'), 2 ** 40);
    const answer = await call('read', { path: 'sparse.dat', startLine: 3 });
    expect(messageOf(answer)).toMatch(/is not UTF-8 text: read it with encoding "base64" and offset/);
  });

  it.each([
    { timeMs: 60_000, bytes: 1_000 },
    { timeMs: -1, bytes: 2 ** 30 },
  ])('gives up the search for a line at its limits (%j)', async (limits) => {
    writeFileSync(served.inside('many.txt'), 'line\n'.repeat(100_000));
    const options = { startLine: 100_000, maxBytes: 100, encoding: 'auto', limits } as const;
    const read = readFile(served.root, 'many.txt', options, new AbortController().signal);
    await expect(read).rejects.toThrow(/is behind the first \d+ bytes, too far to count: read with offset instead/);
  });

  it('begins with the next character when the offset is within one', async () => {
    expect(valueOf(await call('read', { path: 'umlauts.txt', offset: 1, maxBytes: 16 }))).toMatchObject({ offset: 2 });
  });

  it('tells in the text too where a cut file goes on', async () => {
    const { result } = await call('read', { path: 'lines.txt', maxBytes: 16 });
    expect((result.content as { text: string }[])[1]?.text).toBe('[bytes 0 to 16 of 8893; go on with offset 16]');
  });

  it('cuts a page of long lines by bytes', async () => {
    writeFileSync(served.inside('long.txt'), `${'x'.repeat(100)}\nend\n`);
    const part = valueOf(await call('read', { path: 'long.txt', startLine: 1, maxBytes: 16 }));
    expect(part).toMatchObject({ content: 'x'.repeat(16), nextOffset: 16 });
    expect(part).not.toHaveProperty('nextLine');
  });

  it('answers images as images and other binary files as base64', async () => {
    const image = await call('read', { path: 'image.png' });
    expect(image.result.content).toEqual([{ type: 'image', data: png.toString('base64'), mimeType: 'image/png' }]);
    const binary = await call('read', { path: 'binary.dat' });
    expect(binary.result.content).toEqual([
      {
        type: 'resource',
        resource: { uri: 'files:///binary.dat', mimeType: 'application/octet-stream', blob: 'AQD//g==' },
      },
    ]);
    expect(valueOf(binary)).toMatchObject({ encoding: 'base64', content: 'AQD//g==' });
    expect(valueOf(await call('read', { path: 'latin1.txt' }))).toMatchObject({ encoding: 'base64' });
    expect(valueOf(await call('read', { path: 'README.md', encoding: 'base64' }))).toMatchObject({
      content: Buffer.from('# Read me\n').toString('base64'),
    });
  });

  it('reads an empty file', async () => {
    expect(valueOf(await call('read', { path: 'empty.txt' }))).toMatchObject({
      content: '',
      encoding: 'utf-8',
      bytes: 0,
    });
  });

  it.each([
    [{ path: 'notes' }, /is a directory: use list/],
    [{ path: 'missing.txt' }, /nothing at "missing.txt"/],
    [{ path: 'README.md', offset: 11 }, /has 10 bytes: read from a smaller offset than 11/],
    [{ path: 'lines.txt', startLine: 1_002 }, /has 1001 lines: read from a smaller startLine than 1002/],
    [{ path: 'binary.dat', encoding: 'utf-8' }, /is not UTF-8 text: read it with encoding "base64"/],
    [{ path: 'binary.dat', startLine: 1 }, /is not UTF-8 text/],
    [{ path: 'lines.txt', offset: 1, startLine: 1 }, /either offset or lines, not both/],
    [{ path: 'lines.txt', offset: 1, lineCount: 1 }, /either offset or lines, not both/],
    [
      { path: 'lines.txt', maxBytes: 2 * 1024 * 1024 },
      /maxBytes: must be at most 1048576: read in parts, .* as offset/,
    ],
    [{ path: 'lines.txt', startLine: 0 }, /startLine: /],
  ])('refuses %j with what to do instead', async (given, message) => {
    expect(messageOf(await call('read', given))).toMatch(message);
  });
});
