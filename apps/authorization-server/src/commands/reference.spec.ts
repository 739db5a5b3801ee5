import path from 'node:path';
import { expect, it } from 'vitest';
import { commands } from './commands.ts';
import { renderReference } from './help.ts';
import { printable } from './printable.ts';

it('the reference says what the commands are; `vitest -u` writes it', async () => {
  const file = path.resolve(import.meta.dirname, '../../../../docs/reference/commands.md');
  await expect(renderReference(commands)).toMatchFileSnapshot(file);
});

it('every command has a name of its own, and no option that could hold a secret itself', () => {
  expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
  const secrets = commands.flatMap(({ options = {} }) =>
    Object.entries(options).filter(([name]) => /secret|password/.test(name)),
  );
  expect(secrets.length).toBeGreaterThan(0);
  for (const [, { value, description }] of secrets) {
    expect([value, description]).toEqual(['<reference>', expect.stringContaining('`env:<NAME>` or `file:<path>`')]);
  }
});

it.each([
  ['\u001b[2J', String.raw`\u001b[2J`],
  ['a\nb', String.raw`a\u000ab`],
  ['a\u202eb', String.raw`a\u202eb`],
  ['\u009b31m', String.raw`\u009b31m`],
  ['Zoë, 名前 😀', 'Zoë, 名前 😀'],
])('what strangers wrote cannot drive the terminal of an operator: %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});
