import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { readSecretFrom } from './read-secret.ts';

/** A terminal, or a pipe, that somebody types into; `shown` is what appears on it. */
function terminal(typed: string, isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined });
  const prompt = Object.assign(new PassThrough(), { isTTY });
  let shown = '';
  prompt.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  input.end(typed);
  const streams = [input, prompt] as unknown as [NodeJS.ReadStream, NodeJS.WriteStream];
  return { read: () => readSecretFrom(...streams, 'New password'), shown: () => shown };
}

it('a secret is typed at a terminal without being shown', async () => {
  const { read, shown } = terminal('correct horse\r', true);
  expect(await read()).toBe('correct horse');
  expect(shown()).toBe('New password: \n');
});

it('a secret is the first line of what is piped, and nothing is asked', async () => {
  const { read, shown } = terminal('correct horse\nand more\n', false);
  expect(await read()).toBe('correct horse');
  expect(shown()).toBe('');
});

it.each([true, false])('a secret that does not come is said in one sentence, at a terminal: %s', async (isTerminal) => {
  const { read } = terminal('', isTerminal);
  await expect(read()).rejects.toThrow(
    'New password is missing: type it, or give it as the first line of standard input.',
  );
});
