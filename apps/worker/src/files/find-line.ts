import type { FileHandle } from 'node:fs/promises';
import type { ScanLimits } from './scan-limits.ts';

const chunkBytes = 256 * 1024;
const newline = 0x0a;

/** Where a line is, or why that cannot be told. */
type LinePlace =
  | { kind: 'found'; offset: number }
  | { kind: 'past the end'; lines: number }
  | { kind: 'binary' }
  | { kind: 'too far'; bytes: number };

/** Looks for the first byte of a line (1-based), up to the first NUL. */
export async function findLine(
  handle: FileHandle,
  line: number,
  limits: ScanLimits,
  signal: AbortSignal,
): Promise<LinePlace> {
  const startedAt = performance.now();
  let passed = 0;
  for (let offset = 0; passed < line - 1;) {
    signal.throwIfAborted();
    if (offset >= limits.bytes || performance.now() - startedAt > limits.timeMs)
      return { kind: 'too far', bytes: offset };
    const chunk = await readBytes(handle, offset, chunkBytes);
    if (chunk.length === 0) return { kind: 'past the end', lines: passed + 1 };
    if (chunk.includes(0)) return { kind: 'binary' };
    for (let position = chunk.indexOf(newline); position !== -1; position = chunk.indexOf(newline, position + 1)) {
      if (++passed === line - 1) return { kind: 'found', offset: offset + position + 1 };
    }
    offset += chunk.length;
  }
  return { kind: 'found', offset: 0 };
}

/** The bytes from an offset on; fewer than asked for at the end of the file. */
export async function readBytes(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
