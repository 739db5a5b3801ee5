import { renameSync, writeFileSync } from 'node:fs';

/** Writes a file that only its owner may read; a crash, or a reader, finds the old content or the new, never half of it. */
export function writeWhole(file: string, content: string): void {
  const unfinished = `${file}.unfinished`;
  writeFileSync(unfinished, content, { mode: 0o600, flush: true });
  renameSync(unfinished, file);
}
