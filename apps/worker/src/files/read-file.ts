import type { FileHandle } from 'node:fs/promises';
import { ExpectedError } from '@gatehouse/worker';
import { describeFile } from './file-info.ts';
import type { FileInfo } from './file-info.ts';
import { quote } from './file-path.ts';
import { findLine, readBytes } from './find-line.ts';
import type { RootDirectory } from './root-directory.ts';
import type { ScanLimits } from './scan-limits.ts';
import { cutEncoded, decodeText } from './text-part.ts';

/** A part of a file: by bytes from `offset`, or by lines from `startLine` (1-based). */
interface ReadOptions {
  offset?: number | undefined;
  startLine?: number | undefined;
  lineCount?: number | undefined;
  maxBytes: number;
  encoding: 'auto' | 'utf-8' | 'base64';
  /** How far a line is looked for. */
  limits: ScanLimits;
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

const newline = 0x0a;
/** Control characters become six bytes of JSON each; a part of more than so many times its bytes ends earlier. */
const maxEncodedGrowth = 2;

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
    const offset = byLines ? await offsetOfLine(handle, filePath, options, signal) : (options.offset ?? 0);
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
    const wanted = byLines ? firstLines(text.bytes, options.lineCount) : text.bytes;
    const part = cutEncoded(wanted, maxEncodedGrowth * options.maxBytes);
    return {
      ...info,
      encoding: 'utf-8',
      content: part.toString('utf8'),
      ...range(text.offset, part.length, size),
      ...(byLines && lineRange(startLine, part, text.offset + part.length < size)),
    };
  });
}

async function offsetOfLine(
  handle: FileHandle,
  filePath: string,
  { startLine: line = 1, limits }: ReadOptions,
  signal: AbortSignal,
): Promise<number> {
  const place = await findLine(handle, line, limits, signal);
  if (place.kind === 'found') return place.offset;
  if (place.kind === 'binary') throw notText(filePath);
  const shown = quote(filePath);
  throw new ExpectedError(
    place.kind === 'past the end'
      ? `${shown} has ${place.lines} lines: read from a smaller startLine than ${line}.`
      : `Line ${line} of ${shown} is behind the first ${place.bytes} bytes, too far to count: read with offset instead.`,
  );
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

function firstLines(bytes: Buffer, lineCount: number | undefined): Buffer {
  if (lineCount === undefined) return bytes;
  let end = -1;
  for (let line = 0; line < lineCount; line++) {
    end = bytes.indexOf(newline, end + 1);
    if (end === -1) return bytes;
  }
  return bytes.subarray(0, end + 1);
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let position = bytes.indexOf(newline); position !== -1; position = bytes.indexOf(newline, position + 1)) count++;
  return count;
}
