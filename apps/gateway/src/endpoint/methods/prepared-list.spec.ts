import { describe, expect, it } from 'vitest';
import { PreparedList } from './prepared-list.ts';

const tools = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `tool-${index}`, inputSchema: {} }));
const read = (page: Buffer | undefined) =>
  JSON.parse(String(page)) as { tools: { name: string }[]; nextCursor?: string };

describe('a list in pages', () => {
  it('of up to 500 items has one page and no cursor', () => {
    const page = read(new PreparedList('tools', tools(500), {}).page(undefined));
    expect(page.tools).toHaveLength(500);
    expect(page).not.toHaveProperty('nextCursor');
  });

  it('is read whole by following cursors, in order and without repetition', () => {
    const list = new PreparedList('tools', tools(1_234), {});
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = read(list.page(cursor));
      names.push(...page.tools.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(names).toEqual(tools(1_234).map(({ name }) => name));
  });

  it('holds its bytes from one request to the next', () => {
    const list = new PreparedList('tools', tools(600), {});
    const { nextCursor } = read(list.page(undefined));
    expect(list.page(undefined)).toBe(list.page(undefined));
    expect(list.page(nextCursor)).toBe(list.page(nextCursor));
  });

  it('continues after the same item when the list has changed elsewhere, on another replica', () => {
    const { nextCursor } = read(new PreparedList('tools', tools(600), {}).page(undefined));
    const changed = new PreparedList('tools', [{ name: 'new' }, ...tools(600)], {});
    expect(read(changed.page(nextCursor)).tools[0]?.name).toBe('tool-500');
  });

  it.each<[string, string]>([
    ['of another list', Buffer.from('prompts\ntool-499').toString('base64url')],
    ['whose item is gone', Buffer.from('tools\ngone').toString('base64url')],
    ['that was never given out', 'nonsense'],
    ['that is empty', ''],
  ])('knows no cursor %s', (_what, cursor) => {
    expect(new PreparedList('tools', tools(600), {}).page(cursor)).toBeUndefined();
  });
});
