import type { FileHandle } from 'node:fs/promises';
import { ExpectedError } from '@gatehouse/worker';
import { describeFile } from './file-info.ts';
import type { FileInfo } from './file-info.ts';
import { quote } from './file-path.ts';
import type { RootDirectory } from './root-directory.ts';

/** A part of a file: by bytes from `offset`, or by lines from `startLine` (1-based). */
export interface ReadOptions {
  offset?: number | undefined;
  startLine?: number | undefined;
  lineCount?: number | undefined;
  maxBytes: number;
  encoding: 'auto' | 'utf-8' | 'base64';
}

export interface FilePart extends FileInfo {
  encoding: 'utf-8' | 'base64';
  content: string;
  /** Where the part begins, in bytes. */
  offset: number;
  startLine?: number;
  /** Where to go on; absent at the end of the file. */
  nextOffset?: number;
  /** The same in lines; absent when the part ends within a line. */
  nextLine?: number;
}

const scanBytes = 256 * 1024;
const newline = 0x0a;

/** Reads a part of a file, as text when it is UTF-8 without NUL, otherwise as base64. */
export function readFile(
  root: RootDirectory,
  filePath: string,
  options: ReadOptions,
  signal: AbortSignal,
): Promise<FilePart> {
  const byLines = options.startLine !== undefined || options.lineCount !== undefined;
  return root.withFile(filePath, async ({ handle, stats }) => {
    const startLine = options.startLine ?? 1;
    const offset = byLines ? await findLine(handle, startLine, filePath, signal) : (options.offset ?? 0);
    const size = Number(stats.size);
    if (offset > size) {
      throw new ExpectedError(`${quote(filePath)} has ${size} bytes: read from a smaller offset than ${offset}.`);
    }
    const read = await readBytes(handle, offset, options.maxBytes);
    const text = options.encoding === 'base64' ? undefined : decodeText(read, offset, size);
    const info = describeFile(filePath, stats);
    if (!text) {
      if (options.encoding === 'utf-8' || byLines) throw notText(filePath);
      return { ...info, encoding: 'base64', content: read.toString('base64'), ...range(offset, read.length, size) };
    }
    const part = byLines ? firstLines(text.bytes, options.lineCount) : text.bytes;
    return {
      ...info,
      encoding: 'utf-8',
      content: part.toString('utf8'),
      ...range(text.offset, part.length, size),
      ...(byLines && lineRange(startLine, part, text.offset + part.length < size)),
    };
  });
}

function notText(filePath: string): ExpectedError {
  return new ExpectedError(`${quote(filePath)} is not UTF-8 text: read it with encoding "base64" and offset.`);
}

function range(offset: number, length: number, size: number): { offset: number; nextOffset?: number } {
  return { offset, ...(offset + length < size && { nextOffset: offset + length }) };
}

function lineRange(startLine: number, part: Buffer, hasMore: boolean): { startLine: number; nextLine?: number } {
  const endsWithLine = part.at(-1) === newline;
  return { startLine, ...(hasMore && endsWithLine && { nextLine: startLine + countNewlines(part) }) };
}

async function readBytes(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** The offset of the first byte of a line. */
async function findLine(handle: FileHandle, line: number, filePath: string, signal: AbortSignal): Promise<number> {
  let offset = 0;
  let passed = 0;
  while (passed < line - 1) {
    signal.throwIfAborted();
    const chunk = await readBytes(handle, offset, scanBytes);
    if (chunk.length === 0) {
      throw new ExpectedError(
        `${quote(filePath)} has ${passed + 1} lines: read from a smaller startLine than ${line}.`,
      );
    }
    let position = chunk.indexOf(newline);
    while (position !== -1) {
      if (++passed === line - 1) return offset + position + 1;
      position = chunk.indexOf(newline, position + 1);
    }
    offset += chunk.length;
  }
  return offset;
}

function firstLines(bytes: Buffer, lineCount: number | undefined): Buffer {
  if (lineCount === undefined) return bytes;
  let end = -1;
  for (let line = 0; line < lineCount; line++) {
    end = bytes.indexOf(newline, end + 1);
    if (end === -1) return bytes;
  }
  return bytes.subarray(0, end + 1);
}

/** The whole characters among bytes of a UTF-8 text; undefined when they are no text. */
function decodeText(read: Buffer, offset: number, size: number): { bytes: Buffer; offset: number } | undefined {
  if (read.includes(0)) return undefined;
  // An offset within a character: the text begins with the next one.
  const start = offset > 0 ? leadingContinuations(read) : 0;
  const end = offset + read.length < size ? read.length - incompleteTail(read) : read.length;
  const bytes = read.subarray(start, Math.max(start, end));
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
  return { bytes, offset: offset + start };
}

function leadingContinuations(bytes: Buffer): number {
  let count = 0;
  while (count < 3 && isContinuation(bytes[count])) count++;
  return count;
}

function incompleteTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte < 0xc0;
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let position = bytes.indexOf(newline); position !== -1; position = bytes.indexOf(newline, position + 1)) count++;
  return count;
}
