import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { StartError } from '@gatehouse/runtime';

/**
 * Asks for a secret: at a terminal without showing what is typed, otherwise the first line of standard input, for scripts.
 * @throws StartError when there is nothing to read.
 */
export async function readSecretFrom(
  input: NodeJS.ReadStream,
  prompt: NodeJS.WriteStream,
  question: string,
): Promise<string> {
  const isTerminal = input.isTTY && prompt.isTTY;
  if (isTerminal) prompt.write(`${question}: `);
  // Without an output the line editor echoes nothing.
  const lines: Interface = createInterface({ input, terminal: isTerminal });
  try {
    for await (const line of lines) return line;
  } finally {
    lines.close();
    if (isTerminal) prompt.write('\n');
  }
  throw new StartError(`${question} is missing: type it, or give it as the first line of standard input.`);
}
