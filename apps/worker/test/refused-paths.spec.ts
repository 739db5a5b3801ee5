import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { rename, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageOf, serveDirectory, valueOf } from './served-directory.ts';
import type { ServedDirectory } from './served-directory.ts';

let served: ServedDirectory;
const unixSocket = createServer();

beforeAll(async () => {
  served = await serveDirectory({ 'notes/a.md': 'a', 'deep/er/b.txt': 'b' });
  const { inside, outside } = served;
  symlinkSync(outside(), inside('out'));
  symlinkSync(outside('secret.txt'), inside('out.txt'));
  symlinkSync('../outside/secret.txt', inside('relative-out.txt'));
  symlinkSync(inside('out'), inside('notes/twice'));
  symlinkSync('/proc/self/environ', inside('environ'));
  symlinkSync('circle', inside('circle'));
  symlinkSync('nowhere', inside('dangling'));
  symlinkSync(outside('missing'), inside('out-missing'));
  symlinkSync('notes', inside('in'));
  symlinkSync('.', inside('self'));
  execFileSync('mkfifo', [inside('pipe')]);
  unixSocket.listen(inside('socket'));
  await once(unixSocket, 'listening');
  // A sibling whose name begins like the served directory's.
  mkdirSync(`${inside()}-sibling`);
  writeFileSync(`${inside()}-sibling/secret.txt`, 'secret');
  symlinkSync('../served-sibling', inside('sibling'));
});

afterAll(() => {
  unixSocket.close();
  served.remove();
});

/** Every tool that takes a path, called with one. */
const tools: Record<string, (path: string) => Promise<string>> = {
  list: async (path) => messageOf(await served.server.callTool('list', { path })),
  stat: async (path) => messageOf(await served.server.callTool('stat', { path })),
  read: async (path) => messageOf(await served.server.callTool('read', { path })),
  search: async (path) => messageOf(await served.server.callTool('search', { path, query: 'secret' })),
  write: async (path) => messageOf(await served.server.callTool('write', { path, content: 'x', overwrite: true })),
  'move from': async (path) => messageOf(await served.server.callTool('move', { from: path, to: 'moved' })),
  'move to': async (path) => messageOf(await served.server.callTool('move', { from: 'notes/a.md', to: path })),
  'move over': async (path) =>
    messageOf(await served.server.callTool('move', { from: 'notes/a.md', to: path, overwrite: true })),
  delete: async (path) => messageOf(await served.server.callTool('delete', { path, recursive: true })),
  resource: async (path) =>
    messageOf(await served.server.readResource(`files:///${path.split('/').map(encodeURIComponent).join('/')}`)),
};

describe.each(Object.keys(tools))('%s', (tool) => {
  it.each([
    ['..', /contains "\.\.": write the path from the served directory down/],
    ['../outside/secret.txt', /contains "\.\."/],
    ['notes/../../outside/secret.txt', /contains "\.\."/],
    ['notes/..', /contains "\.\."/],
    ['/etc/passwd', /is absolute: paths are relative to the served directory/],
    ['//etc/passwd', /is absolute/],
    ['~/secret', /is absolute/],
    ['C:/secret', /is absolute/],
    ['C:\\secret', /is absolute/],
    ['notes/a.md\0.png', /NUL character: remove it/],
    ['files:///notes/a.md', /is a URI: pass only the path/],
    ['file:///etc/passwd', /is a URI/],
    ['a'.repeat(256), /longer than 255 bytes: shorten it/],
    [`${'a/'.repeat(2_500)}a`, /longer than 4096 bytes/],
    ['.gatehouse-lock-1', /is reserved, choose another/],
    ['out/secret.txt', /link that leads nowhere or out of the served directory: use a path that stays inside/],
    ['notes/twice/secret.txt', /leads nowhere or out/],
    ['out/missing/x.txt', /leads nowhere or out/],
    ['dangling/x.txt', /leads nowhere or out/],
    ['out-missing/x.txt', /leads nowhere or out/],
    ['sibling/secret.txt', /leads nowhere or out/],
    ['circle/a', /links that lead in a circle/],
  ])('refuses %j', async (path, message) => {
    expect(await tools[tool]?.(path)).toMatch(message);
    expect(readFileSync(served.outside('secret.txt'), 'utf8')).toBe('secret');
    expect(readdirSync(served.outside())).toEqual(['secret.txt']);
    expect(existsSync(served.inside('notes/a.md'))).toBe(true);
  });
});

describe.each(['list', 'stat', 'read', 'search', 'write', 'resource'])('%s, which follows links,', (tool) => {
  it.each(['out', 'out.txt', 'relative-out.txt', 'environ', 'sibling', 'dangling', 'out-missing', 'out/missing'])(
    'refuses %s, which leads out or nowhere, and does not tell which',
    async (path) => {
      expect(await tools[tool]?.(path)).toMatch(/leads nowhere or out/);
      expect(readFileSync(served.outside('secret.txt'), 'utf8')).toBe('secret');
    },
  );
});

describe.each(['read', 'write', 'move from', 'move to', 'move over', 'delete', 'resource'])('%s', (tool) => {
  it.each(['pipe', 'socket'])('refuses the special file %s at once', async (path) => {
    expect(await tools[tool]?.(path)).toMatch(/is a pipe, socket or device: /);
    expect(lstatSync(served.inside(path)).isFile()).toBe(false);
  });
});

describe.each(['write', 'move from', 'move to', 'move over', 'delete'])('%s', (tool) => {
  it.each(['', '.', './/'])('refuses the served directory itself (%j)', async (path) => {
    expect(await tools[tool]?.(path)).toMatch(
      /is the served directory itself: name something in it|choose a place outside/,
    );
    expect(existsSync(served.inside('notes/a.md'))).toBe(true);
  });
});

describe('links that stay inside', () => {
  it('are followed for reading and listing', async () => {
    expect(valueOf(await served.server.callTool('read', { path: 'in/a.md' }))).toMatchObject({ content: 'a' });
    expect(valueOf(await served.server.callTool('list', { path: 'in' }))).toMatchObject({ complete: true });
    expect(valueOf(await served.server.callTool('read', { path: 'self/in/a.md' }))).toMatchObject({ content: 'a' });
  });

  it('are never followed by a recursive list or a search', async () => {
    const listed = valueOf(await served.server.callTool('list', { recursive: true })) as unknown as {
      entries: { path: string; type: string }[];
    };
    expect(listed.entries.filter(({ path }) => /^(self|out|in)\//.test(path))).toEqual([]);
    expect(listed.entries.find(({ path }) => path === 'out')?.type).toBe('link');
    const found = valueOf(await served.server.callTool('search', { query: 'secret' }));
    expect(found.matches).toEqual([]);
  });
});

/** Runs steps over and over until the returned function is called. */
function repeat(...steps: (() => Promise<unknown>)[]): () => Promise<void> {
  const stop = new AbortController();
  const ended = (async () => {
    while (!stop.signal.aborted) for (const step of steps) await step();
  })();
  return () => {
    stop.abort();
    return ended;
  };
}

describe('a directory that others swap for a link while calls run', () => {
  it('is read and changed inside or not at all', async () => {
    const { inside, server } = served;
    const elsewhere = `${inside()}-elsewhere`;
    mkdirSync(inside('swap-a/sub'), { recursive: true });
    linkSync(inside('notes/a.md'), inside('swap-a/sub/secret.txt'));
    mkdirSync(`${elsewhere}/sub`, { recursive: true });
    writeFileSync(`${elsewhere}/sub/secret.txt`, 'secret');
    writeFileSync(`${elsewhere}/sub/victim.txt`, 'victim');
    symlinkSync(elsewhere, inside('swap-b'));
    const stop = repeat(
      () => rename(inside('swap-a'), inside('swap')),
      () => rename(inside('swap'), inside('swap-a')),
      () => rename(inside('swap-b'), inside('swap')),
      () => rename(inside('swap'), inside('swap-b')),
    );
    const contents = new Set<unknown>();
    for (let round = 0; round < 60; round++) {
      // Many at once: they wait for each other between their steps, which gives the swap its chance.
      const reads = Array.from({ length: 100 }, () => server.callTool('read', { path: 'swap/sub/secret.txt' }));
      const deletion = server.callTool('delete', { path: 'swap/sub/victim.txt' });
      for (const answer of await Promise.all(reads)) {
        if (!answer.result.isError) contents.add(valueOf(answer).content);
      }
      await deletion;
    }
    await stop();
    expect([...contents].filter((content) => content !== 'a')).toEqual([]);
    expect(readdirSync(`${elsewhere}/sub`)).toEqual(['secret.txt', 'victim.txt']);
  });

  it('is written to inside or not at all', async () => {
    const { inside, outside, server } = served;
    mkdirSync(inside('target'));
    const point = async (to: string) => {
      await symlink(to, inside('flip-next'));
      await rename(inside('flip-next'), inside('flip'));
    };
    await point('target');
    const stop = repeat(
      () => point(outside()),
      () => point('target'),
    );
    for (let round = 0; round < 10; round++) {
      const calls = Array.from({ length: 50 }, (_none, index) => [
        server.callTool('write', { path: `flip/new-${round}-${index}.txt`, content: 'x' }),
        server.callTool('delete', { path: 'flip/secret.txt' }),
      ]);
      await Promise.all(calls.flat());
    }
    await stop();
    expect(readdirSync(outside())).toEqual(['secret.txt']);
    expect(readdirSync(inside('target')).length).toBeGreaterThan(0);
  });
});

describe('messages', () => {
  it('never name a path of the machine', async () => {
    for (const call of Object.values(tools)) {
      for (const path of ['missing/x', 'notes/a.md/x', 'out/secret.txt', 'circle/a', 'dangling/x']) {
        expect(await call(path)).not.toContain(served.inside());
      }
    }
  });
});
