import { writeWhole } from './write-whole.ts';

/** Writes variables so that Node's `--env-file` reads them back as they are. */
export function writeEnvironmentFile(file: string, variables: Record<string, string>): void {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}`);
  writeWhole(file, `${lines.join('\n')}\n`);
}

/** The file's format has no escapes, but three kinds of quotation marks. */
function quote(value: string): string {
  const mark = ["'", '`', '"'].find((candidate) => !value.includes(candidate)) ?? '';
  return `${mark}${value}${mark}`;
}
