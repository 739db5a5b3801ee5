import { describe, expect, it } from 'vitest';
import type { CatalogLists } from '../catalog/resolution.ts';
import { changedLists } from './changed-lists.ts';

const tool = (name: string, description = '') => ({ name, description, inputSchema: { type: 'object' as const } });
const lists = (changes: Partial<CatalogLists> = {}): CatalogLists => ({
  tools: [tool('read')],
  prompts: [{ name: 'greet' }],
  resources: [{ uri: 'a:b', name: 'b' }],
  resourceTemplates: [{ uriTemplate: 'a:{x}', name: 'x' }],
  ...changes,
});

describe('changed lists', () => {
  it.each<[string, Partial<CatalogLists>, string[]]>([
    ['nothing', {}, []],
    ['a new tool', { tools: [tool('read'), tool('write')] }, ['tools']],
    ['a tool that says something else', { tools: [tool('read', 'Reads')] }, ['tools']],
    ['no prompts any more', { prompts: [] }, ['prompts']],
    ['another resource', { resources: [{ uri: 'a:c', name: 'c' }] }, ['resources']],
    ['another template', { resourceTemplates: [] }, ['resources']],
    ['tools and resources', { tools: [], resources: [] }, ['tools', 'resources']],
  ])('are those that list %s', (_, changes, expected) => {
    expect(changedLists(lists(), lists(changes))).toEqual(expected);
  });

  it('of an endpoint that comes or goes are those that list anything', () => {
    const toolsOnly = lists({ prompts: [], resources: [], resourceTemplates: [] });
    expect(changedLists(undefined, toolsOnly)).toEqual(['tools']);
    expect(changedLists(toolsOnly, undefined)).toEqual(['tools']);
    expect(changedLists(undefined, undefined)).toEqual([]);
  });
});
