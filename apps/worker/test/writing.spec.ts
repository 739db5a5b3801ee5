import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { writeFile as writeFileAsync } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sweepLeftovers } from '../src/files/leftovers.ts';
import { RootDirectory } from '../src/files/root-directory.ts';
import { messageOf, serveDirectory, valueOf } from './served-directory.ts';
import type { ServedDirectory } from './served-directory.ts';

let served: ServedDirectory;

const all: ServedDirectory[] = [];

beforeEach(async () => {
  served = await serveDirectory({ 'a.txt': 'old', 'folder/b.txt': 'b', 'folder/deep/c.txt': 'c' });
  all.push(served);
});

afterAll(() => all.forEach(({ remove }) => remove()));

const call = (tool: string, given: Record<string, unknown>) => served.server.callTool(tool, given);
const content = (...names: string[]) => readFileSync(served.inside(...names), 'utf8');
const leftovers = () =>
  readdirSync(served.inside(), { recursive: true }).filter((name) => String(name).includes('.gatehouse-'));

describe('write', () => {
  it('creates a file with its directories and answers its version', async () => {
    const written = valueOf(await call('write', { path: 'new/er/file.md', content: 'text' }));
    expect(written).toMatchObject({ path: 'new/er/file.md', outcome: 'created', bytes: 4, type: 'file' });
    expect(content('new/er/file.md')).toBe('text');
    expect(valueOf(await call('stat', { path: 'new/er/file.md' })).version).toBe(written.version);
    expect(leftovers()).toEqual([]);
  });

  it('writes bytes given as base64', async () => {
    await call('write', { path: 'bytes', content: 'AP8=', encoding: 'base64' });
    expect([...readFileSync(served.inside('bytes'))]).toEqual([0, 255]);
  });

  it('replaces a file only when told to, and keeps its mode', async () => {
    expect(messageOf(await call('write', { path: 'a.txt', content: 'new' }))).toMatch(/exists already: pass overwrite/);
    expect(content('a.txt')).toBe('old');
    // More than a usual umask leaves to a new file.
    chmodSync(served.inside('a.txt'), 0o776);
    const mode = statSync(served.inside('a.txt')).mode;
    const { outcome } = valueOf(await call('write', { path: 'a.txt', content: 'new', overwrite: true }));
    expect([outcome, content('a.txt'), statSync(served.inside('a.txt')).mode]).toEqual(['replaced', 'new', mode]);
  });

  it('replaces the expected version only', async () => {
    const { version } = valueOf(await call('stat', { path: 'a.txt' }));
    writeFileSync(served.inside('a.txt'), 'changed by somebody else');
    const refused = await call('write', { path: 'a.txt', content: 'mine', expectedVersion: version });
    expect(messageOf(refused)).toMatch(/was changed, its version is now \S+: read it again first/);
    const { version: now } = valueOf(await call('stat', { path: 'a.txt' }));
    await call('write', { path: 'a.txt', content: 'mine', expectedVersion: now });
    expect(content('a.txt')).toBe('mine');
    const missing = await call('write', { path: 'missing', content: 'x', expectedVersion: now });
    expect(messageOf(missing)).toMatch(/no longer exists/);
  });

  it.each([{}, { overwrite: true }, { expectedVersion: 'other' }])(
    'changes nothing when the same write comes again (%j), as a retry after a lost answer does',
    async (guard) => {
      const before = lstatSync(served.inside('a.txt'), { bigint: true });
      const { outcome } = valueOf(await call('write', { path: 'a.txt', content: 'old', ...guard }));
      const after = lstatSync(served.inside('a.txt'), { bigint: true });
      expect([outcome, after.mtimeNs, after.ino]).toEqual(['unchanged', before.mtimeNs, before.ino]);
    },
  );

  it('writes what a link inside stands for, and keeps the link', async () => {
    symlinkSync('folder/b.txt', served.inside('link'));
    await call('write', { path: 'link', content: 'through', overwrite: true });
    expect(content('folder/b.txt')).toBe('through');
    expect(lstatSync(served.inside('link')).isSymbolicLink()).toBe(true);
  });

  it('lets exactly one of many writers of two workers win over the same version', async () => {
    const { version } = valueOf(await call('stat', { path: 'a.txt' }));
    const otherRoot = await RootDirectory.open(served.inside());
    expect(otherRoot.realPath).toBe(served.root.realPath);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call('write', { path: 'a.txt', content: randomUUID(), expectedVersion: version }),
      ),
    );
    expect(answers.filter(({ result }) => !result.isError)).toHaveLength(1);
    const winner = answers.find(({ result }) => !result.isError);
    expect(valueOf(await call('stat', { path: 'a.txt' })).version).toBe(winner && valueOf(winner).version);
    expect(leftovers()).toEqual([]);
  });

  it('never replaces what a program that knows of no lock creates meanwhile', async () => {
    let both = 0;
    for (let round = 0; round < 100; round++) {
      const path = `round-${round}`;
      const foreign = async () => {
        await sleep(round % 5);
        await writeFileAsync(served.inside(path), 'foreign', { flag: 'wx' });
      };
      const [own, other] = await Promise.allSettled([call('write', { path, content: 'own' }), foreign()]);
      if (own.status === 'fulfilled' && !own.value.result.isError && other.status === 'fulfilled') both++;
    }
    expect(both).toBe(0);
  });

  it('lets exactly one of many creators win, and shows no reader half a file', async () => {
    const texts = Array.from({ length: 10 }, (_none, index) => String(index).repeat(200_000));
    const done = new AbortController();
    const lengths = new Set<number>();
    const reader = (async () => {
      while (!done.signal.aborted) {
        if (existsSync(served.inside('big'))) lengths.add(content('big').length);
        await new Promise(setImmediate);
      }
    })();
    const answers = await Promise.all(texts.map((text) => call('write', { path: 'big', content: text })));
    for (const text of texts) await call('write', { path: 'big', content: text, overwrite: true });
    done.abort();
    await reader;
    expect(answers.filter(({ result }) => !result.isError)).toHaveLength(1);
    expect([...lengths]).toEqual([200_000]);
  });

  it.each([
    [{ path: 'folder', content: '', overwrite: true }, /is a directory/],
    [{ path: 'a.txt/b', content: '' }, /a file, not a directory/],
    [{ path: 'x', content: 'no base64!', encoding: 'base64' }, /is not base64/],
  ])('refuses %j', async (given, message) => {
    expect(messageOf(await call('write', given))).toMatch(message);
  });
});

describe('move', () => {
  it('moves files and directories, making the directories of the new path', async () => {
    expect(valueOf(await call('move', { from: 'folder', to: 'x/y/z' }))).toMatchObject({
      path: 'x/y/z',
      type: 'directory',
    });
    expect(content('x/y/z/deep/c.txt')).toBe('c');
    expect(existsSync(served.inside('folder'))).toBe(false);
  });

  it('replaces a file only when told to', async () => {
    const refused = await call('move', { from: 'a.txt', to: 'folder/b.txt' });
    expect(messageOf(refused)).toMatch(/exists already: pass overwrite/);
    await call('move', { from: 'a.txt', to: 'folder/b.txt', overwrite: true });
    expect(content('folder/b.txt')).toBe('old');
    expect(leftovers()).toEqual([]);
  });

  it.each([
    [{ from: 'missing', to: 'x' }, /There is nothing at "missing"/],
    [
      { from: 'a.txt', to: 'folder', overwrite: true },
      /is a directory: give the whole new path, such as "folder\/name"/,
    ],
    [{ from: 'folder', to: 'folder/deep/x' }, /choose a place outside it/],
    [{ from: 'a.txt', to: 'a.txt' }, /choose a place outside it/],
  ])('refuses %j', async (given, message) => {
    expect(messageOf(await call('move', given))).toMatch(message);
    expect(content('a.txt')).toBe('old');
  });

  it('does not deadlock on opposite moves, and loses nothing', async () => {
    writeFileSync(served.inside('z.txt'), 'z');
    await Promise.all(
      Array.from({ length: 10 }, (_none, round) => [
        call('move', { from: round % 2 ? 'a.txt' : 'folder/a.txt', to: round % 2 ? 'folder/a.txt' : 'a.txt' }),
        call('move', { from: 'z.txt', to: 'folder/z.txt' }),
      ]).flat(),
    );
    expect([served.inside('a.txt'), served.inside('folder/a.txt')].filter(existsSync)).toHaveLength(1);
    expect(content('folder/z.txt')).toBe('z');
  });
});

describe('delete', () => {
  it('deletes a file, and answers deleted: false when it is gone already', async () => {
    expect(valueOf(await call('delete', { path: 'a.txt' }))).toEqual({ deleted: true });
    expect(valueOf(await call('delete', { path: 'a.txt' }))).toEqual({ deleted: false });
  });

  it('deletes a directory that is not empty only when told to', async () => {
    expect(messageOf(await call('delete', { path: 'folder' }))).toMatch(/is not empty: pass recursive/);
    await call('delete', { path: 'folder', recursive: true });
    expect(readdirSync(served.inside())).toEqual(['a.txt']);
  });

  it('deletes a link and not what it stands for', async () => {
    symlinkSync(served.outside(), served.inside('out'));
    symlinkSync('folder', served.inside('in'));
    await call('delete', { path: 'out', recursive: true });
    await call('delete', { path: 'in', recursive: true });
    expect(readFileSync(served.outside('secret.txt'), 'utf8')).toBe('secret');
    expect(content('folder/b.txt')).toBe('b');
    expect(existsSync(served.inside('out'))).toBe(false);
  });

  it('deletes the expected version only', async () => {
    const refused = await call('delete', { path: 'a.txt', expectedVersion: 'other' });
    expect(messageOf(refused)).toMatch(/was changed/);
    const { version } = valueOf(await call('stat', { path: 'a.txt' }));
    expect(valueOf(await call('delete', { path: 'a.txt', expectedVersion: version }))).toEqual({ deleted: true });
  });
});

describe('what a process that died left behind', () => {
  afterEach(() => vi.useRealTimers());

  it('is seen by nobody', async () => {
    mkdirSync(served.inside('.gatehouse-delete-1'));
    writeFileSync(served.inside('.gatehouse-delete-1/x.txt'), 'old');
    writeFileSync(served.inside('folder/.gatehouse-write-1'), 'old');
    const listed = valueOf(await call('list', { recursive: true })) as unknown as { entries: { path: string }[] };
    expect(listed.entries.map(({ path }) => path)).toEqual([
      'a.txt',
      'folder',
      'folder/b.txt',
      'folder/deep',
      'folder/deep/c.txt',
    ]);
    expect(valueOf(await call('search', { query: 'old' })).matches).toHaveLength(1);
  });

  it('does not keep a directory that looks empty', async () => {
    mkdirSync(served.inside('empty/.gatehouse-delete-1'), { recursive: true });
    writeFileSync(served.inside('empty/.gatehouse-delete-1/x.txt'), 'x');
    writeFileSync(served.inside('empty/.gatehouse-write-1'), 'half');
    writeFileSync(served.inside('empty/.gatehouse-lock-1'), '');
    expect(valueOf(await call('delete', { path: 'empty' }))).toEqual({ deleted: true });
    expect(existsSync(served.inside('empty'))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('is not removed with a directory that is not empty', async () => {
    writeFileSync(served.inside('folder/.gatehouse-write-1'), 'half');
    expect(messageOf(await call('delete', { path: 'folder' }))).toMatch(/is not empty: pass recursive/);
    expect(leftovers()).toHaveLength(1);
  });

  it('is left alone while it is young', async () => {
    writeFileSync(served.inside('folder/.gatehouse-write-1'), 'young');
    await sweepLeftovers(served.root, AbortSignal.timeout(5_000));
    expect(leftovers()).toHaveLength(1);
  });

  it('is removed once it is old', async () => {
    mkdirSync(served.inside('folder/.gatehouse-delete-1'));
    writeFileSync(served.inside('folder/.gatehouse-delete-1/x.txt'), 'x');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 });
    await sweepLeftovers(served.root, AbortSignal.timeout(5_000));
    expect(leftovers()).toEqual([]);
    expect(content('a.txt')).toBe('old');
  });
});

describe('annotations', () => {
  it('say which tools change something, destroy something, or may be repeated', () => {
    const hints = Object.fromEntries(
      served.server.definitions.tools.map(({ name, annotations = {} }) => [
        name,
        [annotations.readOnlyHint, annotations.destructiveHint, annotations.idempotentHint, annotations.openWorldHint],
      ]),
    );
    const readOnly = [true, false, true, false];
    expect(hints).toEqual({
      list: readOnly,
      stat: readOnly,
      read: readOnly,
      search: readOnly,
      write: [false, true, true, false],
      move: [false, true, false, false],
      delete: [false, true, true, false],
    });
  });
});
