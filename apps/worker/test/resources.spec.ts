import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveDirectory } from './served-directory.ts';
import type { ServedDirectory } from './served-directory.ts';

let served: ServedDirectory;

beforeAll(async () => {
  served = await serveDirectory({
    'Notes/a b#.md': 'text',
    'notes.txt': '',
    'nothing.bin': Buffer.from([0, 1]),
    'controls.txt': Buffer.alloc(1024 * 1024, 1),
    'big.txt': 'x'.repeat(1024 * 1024 + 1),
  });
});

afterAll(() => served.remove());

const template = 'files:///{+path}';

describe('files as resources', () => {
  it('own the prefix files:/// with the served directory listed and a template for the rest', () => {
    expect(served.server.definitions).toMatchObject({
      server: 'files',
      uriPrefixes: ['files:///'],
      resources: [{ uri: 'files:///' }],
      resourceTemplates: [{ uriTemplate: template }],
      completions: true,
    });
  });

  it('reads text and bytes, privately', async () => {
    const uri = 'files:///Notes/a%20b%23.md';
    expect((await served.server.readResource(uri)).result).toMatchObject({
      contents: [{ uri, mimeType: 'text/markdown', text: 'text' }],
      cacheScope: 'private',
      ttlMs: 0,
    });
    expect((await served.server.readResource('files:///nothing.bin')).result).toMatchObject({
      contents: [{ mimeType: 'application/octet-stream', blob: 'AAE=' }],
    });
  });

  it('reads a text of control characters as bytes when it would grow too long', async () => {
    const { result } = await served.server.readResource('files:///controls.txt');
    expect(result.contents).toMatchObject([{ blob: Buffer.alloc(1024 * 1024, 1).toString('base64') }]);
  });

  it.each([
    [
      'files:///',
      'files:///Notes\r\nfiles:///big.txt\r\nfiles:///controls.txt\r\nfiles:///notes.txt\r\nfiles:///nothing.bin\r\n',
    ],
    ['files:///Notes/', 'files:///Notes/a%20b%23.md\r\n'],
  ])('answers the directory %s with the URIs of what is in it', async (uri, text) => {
    expect((await served.server.readResource(uri)).result.contents).toEqual([{ uri, mimeType: 'text/uri-list', text }]);
  });

  it.each([
    ['files:///missing.txt', { code: -32602, message: 'Resource not found', data: { uri: 'files:///missing.txt' } }],
    ['files:///big.txt', { code: -32602, message: expect.stringMatching(/in parts with the read tool/) }],
    ['files:///a%2f..%2f..%2fetc/passwd', { code: -32602, message: expect.stringMatching(/contains "\.\."/) }],
    ['files:////etc/passwd', { code: -32602, message: expect.stringMatching(/is absolute/) }],
    ['files:///%00', { code: -32602, message: expect.stringMatching(/NUL/) }],
    ['file:///etc/passwd', { code: -32602, message: 'Resource not found', data: { uri: 'file:///etc/passwd' } }],
  ])('refuses %s', async (uri, error) => {
    expect((await served.server.readResource(uri)).error).toEqual(error);
  });

  it.each([
    ['', ['Notes/', 'big.txt', 'controls.txt', 'notes.txt', 'nothing.bin']],
    ['no', ['Notes/', 'notes.txt', 'nothing.bin']],
    ['Notes/', ['Notes/a b#.md']],
    ['missing/x', []],
    ['../', []],
    ['/etc/', []],
  ])('completes the path %j', async (typed, values) => {
    const { result } = await served.server.complete(template, 'path', typed);
    expect(result.completion).toMatchObject({ values, hasMore: false });
  });
});
