import { randomBytes } from 'node:crypto';
import { StateKeys } from '@gatehouse/runtime';
import { describe, expect, it } from 'vitest';
import { ListCursors } from './list-cursors.ts';
import { PreparedList } from './prepared-list.ts';

const keys = randomBytes(32);
const replica = () => new StateKeys([keys]);
const cursors = (...boundTo: string[]) => new ListCursors(replica(), boundTo);
const tools = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `tool-${index}`, inputSchema: {} }));
const listOf = (items: object[]) => new PreparedList('tools', items, {}, cursors('default', '/mcp', 'tools'));
const read = (page: Buffer | undefined) =>
  JSON.parse(String(page)) as { tools: { name: string }[]; nextCursor?: string };

describe('a list in pages', () => {
  it('of up to 500 items has one page and no cursor', () => {
    const page = read(listOf(tools(500)).page(undefined));
    expect(page.tools).toHaveLength(500);
    expect(page).not.toHaveProperty('nextCursor');
  });

  it('is read whole by following cursors, in order and without repetition', () => {
    const list = listOf(tools(1_234));
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = read(list.page(cursor));
      names.push(...page.tools.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(names).toEqual(tools(1_234).map(({ name }) => name));
  });

  it('holds its bytes, cursor included, from one request to the next', () => {
    const list = listOf(tools(1_100));
    const { nextCursor } = read(list.page(undefined));
    expect(list.page(undefined)).toBe(list.page(undefined));
    expect(list.page(nextCursor)).toBe(list.page(nextCursor));
  });

  it('says the same hints on all pages (MCP 2026-07-28 Caching §Interaction with Pagination)', () => {
    const hints = { ttlMs: 1_000, cacheScope: 'private' };
    const list = new PreparedList('tools', tools(1_100), hints, cursors('default', '/mcp', 'tools'));
    const first = read(list.page(undefined));
    const second = read(list.page(first.nextCursor));
    expect([first, second, read(list.page(second.nextCursor))]).toEqual(Array(3).fill(expect.objectContaining(hints)));
  });
});

describe('a cursor', () => {
  const { nextCursor = '' } = read(listOf(tools(600)).page(undefined));

  it('tells nothing of what it names', () => {
    expect(nextCursor).not.toContain('tool');
    expect(Buffer.from(nextCursor, 'base64url').toString('latin1')).not.toContain('tool');
  });

  it('opens on another replica with the same keys', () => {
    expect(read(listOf(tools(600)).page(nextCursor)).tools[0]?.name).toBe('tool-500');
  });

  it('continues after the same item when the list has changed elsewhere', () => {
    const changed = listOf([{ name: 'new', inputSchema: {} }, ...tools(600)]);
    expect(read(changed.page(nextCursor)).tools[0]?.name).toBe('tool-500');
  });

  it('opens nothing once any part of it was changed', () => {
    const list = listOf(tools(600));
    const opened: string[] = [];
    for (let place = 0; place < nextCursor.length; place++) {
      const other = nextCursor[place] === 'A' ? 'B' : 'A';
      const changed = nextCursor.slice(0, place) + other + nextCursor.slice(place + 1);
      opened.push(...(list.page(changed) ? [changed] : []));
    }
    expect(opened).toEqual([]);
  });

  it.each<[string, string]>([
    ['of another list', cursors('default', '/mcp', 'prompts').write('tool-499')],
    ['of another endpoint', cursors('default', '/mcp/files', 'tools').write('tool-499')],
    ['of another tenant', cursors('other', '/mcp', 'tools').write('tool-499')],
    [
      'sealed with other keys',
      new ListCursors(new StateKeys([randomBytes(32)]), ['default', '/mcp', 'tools']).write('tool-499'),
    ],
    [
      'sealed for another purpose',
      replica().seal('request-state', ['default', '/mcp', 'tools'], Buffer.from('tool-499')),
    ],
    ['whose item is gone', cursors('default', '/mcp', 'tools').write('gone')],
    ['that was never given out', 'nonsense'],
    ['that is empty', ''],
  ])('is refused when it is one %s', (_what, cursor) => {
    expect(listOf(tools(600)).page(cursor)).toBeUndefined();
  });
});
