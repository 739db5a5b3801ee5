import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const columnWidth = 'authorization-server'.length;

/** Says something on behalf of the stack itself. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** How the lines of the started processes are shown: `pretty` has a column with the process's name. */
type OutputFormat = 'json' | 'pretty';

/** `auto` is pretty in a terminal and JSON elsewhere, as in every process. */
export function chooseFormat(logFormat: 'auto' | 'json' | 'pretty'): OutputFormat {
  if (logFormat !== 'auto') return logFormat;
  return process.stdout.isTTY ? 'pretty' : 'json';
}

/** Shows one line of a process. A line that is JSON names its process itself. */
export function showLine(name: string, line: string, format: OutputFormat): void {
  const named = format === 'json' && line.startsWith('{');
  process.stdout.write(named ? `${line}\n` : `${name.padEnd(columnWidth)} | ${line}\n`);
}

/** Calls `take` with every line of a stream. */
export function readLines(stream: Readable | null, take: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', take);
}
