import { describe, expect, it } from 'vitest';
import { UsageError } from './command.ts';
import type { Command } from './command.ts';
import { renderHelp, usageOf } from './help.ts';
import { parseWords } from './parse-words.ts';

const command = (name: string, more: Partial<Command> = {}): Command => ({
  name,
  summary: `Does ${name}`,
  run: () => Promise.resolve({ lines: [] }),
  ...more,
});
const list = command('things list', { isList: true, options: { owner: { value: '<who>', description: 'whose' } } });
const show = command('things show', { operands: ['<id>', '<part>?'] });
const tag = command('things tag', { options: { tag: { value: '<text>', isRepeatable: true, description: 'a tag' } } });
const apply = command('apply', { operands: ['<file>'] });
const commands = [list, show, tag, apply];

describe('the words of a command', () => {
  it('name it, with its operands and options', () => {
    const parsed = parseWords(commands, ['things', 'list', '--owner', 'ada', '--json']);
    if (parsed.kind !== 'run') throw new Error('no command');
    expect(parsed.command).toBe(list);
    expect([parsed.input.text('owner'), parsed.input.isOn('json')]).toEqual(['ada', true]);
  });

  it.each([
    [['things', 'show', 'a'], 'a', ''],
    [['things', 'show', 'a', 'b'], 'a', 'b'],
    [['apply', 'file.yaml'], 'file.yaml', ''],
  ])('may leave out the last operand: %j', (words, first, second) => {
    const parsed = parseWords(commands, words);
    if (parsed.kind !== 'run') throw new Error('no command');
    expect([parsed.input.operand(0), parsed.input.operand(1)]).toEqual([first, second]);
  });

  it.each([
    [['things', 'show', '-qJx'], '-qJx', undefined],
    [['things', 'show', '-hJx'], '-hJx', undefined],
    [['things', 'show', '--', '--Jx'], '--Jx', undefined],
    [['things', 'show', '--', '-h'], '-h', undefined],
    [['things', 'list', '--owner', '-qJx', '--json'], '', '-qJx'],
    [['things', 'list', '--owner', '-h', '--json'], '', '-h'],
    [['things', 'list', '--owner=--Jx', '--json'], '', '--Jx'],
    [['things', 'list', '--owner', 'a=b', '--json'], '', 'a=b'],
    [['things', 'list', '--owner', '', '--json'], '', ''],
  ])('may name what begins with a dash, as base64url may: %j', (words, operand, owner) => {
    const parsed = parseWords(commands, words);
    if (parsed.kind !== 'run') throw new Error('no command');
    expect([parsed.input.operand(0), parsed.input.text('owner')]).toEqual([operand, owner]);
    expect(parsed.input.isOn('json')).toBe(owner !== undefined);
  });

  it('repeat an option that may be repeated', () => {
    const parsed = parseWords(commands, ['things', 'tag', '--tag', 'a', '--tag', 'b']);
    expect(parsed.kind === 'run' && parsed.input.texts('tag')).toEqual(['a', 'b']);
  });

  it.each([
    [[], commands],
    [['--help'], commands],
    [['help'], commands],
    [['things'], [list, show, tag]],
    [
      ['things', '--help'],
      [list, show, tag],
    ],
    [['things', 'list', '--help'], [list]],
    [['things', 'show', '-h'], [show]],
  ])('ask for help: %j', (words, about) => {
    expect(parseWords(commands, words)).toEqual({ kind: 'help', about });
  });

  it.each([
    [['thing'], 'there is no command "thing"'],
    [['things', 'make'], 'there is no command "things make"'],
    [['things', 'show'], '<id> is missing'],
    [['things', 'show', 'a', 'b', 'c'], '"c" is too much'],
    [['things', 'list', '--all'], "Unknown option '--all'"],
    [['things', 'list', '--owner'], "Option '--owner <value>' argument missing"],
    [
      ['things', 'list', '--owner', '--json'],
      '--owner needs a value; one that begins with -- is written --owner=<value>',
    ],
    [['things', 'list', '--owner', '--'], "Option '--owner <value>' argument missing"],
    [['things', 'list', '-x'], '"-x" is too much'],
    [['things', 'list', '--json=yes'], "Option '--json' does not take an argument"],
    [['things', 'show', '--json', 'a'], "Unknown option '--json'; what is none and begins with -- follows a --"],
    [['things', 'list', '--password=secret'], "Unknown option '--password'"],
  ])('are refused in one sentence when they are no command: %j', (words, sentence) => {
    expect(() => parseWords(commands, words)).toThrow(new UsageError(sentence));
  });
});

describe('the help', () => {
  it('shows how a command is called', () => {
    expect(usageOf(show)).toBe('things show <id> [<part>]');
    expect(usageOf(list)).toBe('things list [--owner <who>] [--json]');
    expect(usageOf(tag)).toBe('things tag [--tag <text>]...');
  });

  it('names every command in one line, and the options of one', () => {
    expect(renderHelp(commands)).toContain('  things show  Does things show');
    expect(renderHelp([list])).toContain('  --owner <who>  whose');
  });
});
