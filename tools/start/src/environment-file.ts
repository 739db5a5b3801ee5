import { readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** Writes variables so that Node's `--env-file` reads them back as they are. */
export function writeEnvironmentFile(file: string, variables: Record<string, string>): void {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}`);
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** Reads an environment file. */
export function readEnvironmentFile(file: string): Record<string, string> {
  return parseEnv(readFileSync(file, 'utf8')) as Record<string, string>;
}

function quote(value: string): string {
  return ["'", '"', '`'].filter((mark) => !value.includes(mark)).map((mark) => `${mark}${value}${mark}`)[0] ?? value;
}
