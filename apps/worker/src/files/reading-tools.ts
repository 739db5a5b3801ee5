import { ExpectedError, Tool } from '@gatehouse/worker';
import type { CallContext, CallToolResult, ContentBlock } from '@gatehouse/worker';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { fileInfo, statFile } from './file-info.ts';
import { parsePath } from './file-path.ts';
import { fileUri } from './file-uri.ts';
import { listFiles } from './list-files.ts';
import { readFile } from './read-file.ts';
import type { FilePart } from './read-file.ts';
import { RootDirectory } from './root-directory.ts';
import { scanLimits } from './scan-limits.ts';
import { searchFiles } from './search-files.ts';
import type { Found } from './search-files.ts';

const readOnly = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

const pathInput = z.string().describe('Relative to the served directory, such as notes/a.md');
const directoryInput = z.string().default('').describe('Directory, relative to the served one; empty for all of it');
const nameInput = z
  .string()
  .max(255)
  .optional()
  .describe('Only names that fit: * stands for any text, ? for one character, such as *.md');

const listInput = z.object({
  path: directoryInput,
  recursive: z.boolean().default(false).describe('Also everything below'),
  name: nameInput,
  limit: z.number().int().min(1).max(1_000).default(200).describe('Entries per page'),
  after: z.string().optional().describe('nextAfter of the page before'),
});

const listing = z.object({
  entries: z.array(fileInfo),
  nextAfter: z.string().optional().describe('There is more: pass it as after'),
  complete: z.boolean().describe('False when something could not be looked into'),
});

/**
 * What a page of a read holds. A result carries it twice, each at most twice as long when encoded: below the 8 MiB of the bus.
 * The default fits even a bus that carries 1 MiB, the default of NATS.
 */
const maxReadBytes = 1024 * 1024;

const readInput = z.object({
  path: pathInput,
  startLine: z.number().int().min(1).optional().describe('First line, from 1 (text only)'),
  lineCount: z.number().int().min(1).optional().describe('How many lines (text only)'),
  offset: z.number().int().min(0).optional().describe('First byte; not together with lines'),
  maxBytes: z
    .number()
    .int()
    .min(16)
    .max(maxReadBytes, `must be at most ${maxReadBytes}: read in parts, each with the nextOffset of the last as offset`)
    .default(192 * 1024)
    .describe('Most bytes in one answer; ask for fewer when an answer is too large to be carried'),
  encoding: z.enum(['auto', 'utf-8', 'base64']).default('auto').describe('auto: text if it is UTF-8, else base64'),
});

const filePart = fileInfo.extend({
  encoding: z.enum(['utf-8', 'base64']),
  content: z.string(),
  offset: z.number().int().describe('First byte of the content'),
  startLine: z.number().int().optional(),
  nextOffset: z.number().int().optional().describe('There is more: pass it as offset'),
  nextLine: z.number().int().optional().describe('There is more: pass it as startLine'),
});

const searchInput = z.object({
  query: z
    .string()
    .min(1)
    .max(1_000)
    .refine((query) => !/[\r\n]/.test(query), 'must be text within one line')
    .describe('Literal text within one line, no pattern'),
  path: directoryInput,
  name: nameInput,
  caseSensitive: z.boolean().default(false),
  maxResults: z.number().int().min(1).max(500).default(100),
});

const found = z.object({
  matches: z.array(z.object({ path: z.string(), line: z.number().int(), text: z.string() })),
  filesSearched: z.number().int(),
  filesSkipped: z.number().int().describe('Binary or not readable'),
  stoppedBy: z
    .enum(['results', 'timeMs', 'bytes'])
    .optional()
    .describe('The limit that ended the search early: narrow path or name'),
});

/** The tools of the files server that change nothing. */
@Injectable()
export class ReadingTools {
  readonly #root: RootDirectory;

  constructor(root: RootDirectory) {
    this.#root = root;
  }

  @Tool({
    title: 'List files',
    description:
      'List a directory, or with recursive everything below it, in the order of names. Use name to find files by name.',
    input: listInput,
    output: listing,
    annotations: readOnly,
  })
  list({ path, after, ...options }: z.output<typeof listInput>, { signal }: CallContext) {
    const behind = after === undefined ? undefined : parsePath(after);
    return listFiles(this.#root, parsePath(path), { ...options, after: behind }, signal);
  }

  @Tool({
    title: 'Describe a file',
    description: 'Tell the type, size, time of change and version of a file or directory.',
    input: z.object({ path: pathInput }),
    output: fileInfo,
    annotations: readOnly,
  })
  stat({ path }: { path: string }) {
    return statFile(this.#root, parsePath(path));
  }

  @Tool({
    title: 'Read a file',
    description:
      'Read a file, or a part of it: by lines with startLine and lineCount, or by bytes with offset. Long files come in parts; go on with nextLine or nextOffset.',
    input: readInput,
    output: filePart,
    annotations: readOnly,
  })
  async read({ path, ...options }: z.output<typeof readInput>, { signal }: CallContext): Promise<CallToolResult> {
    if (options.offset !== undefined && (options.startLine ?? options.lineCount) !== undefined) {
      throw new ExpectedError('Give either offset or lines, not both.');
    }
    const part = await readFile(this.#root, parsePath(path), { ...options, limits: scanLimits }, signal);
    return { content: contentOf(part), structuredContent: part };
  }

  @Tool({
    title: 'Search in files',
    description:
      'Find the lines of text files that contain a text, in the whole tree or below path. Answers path, line number and line.',
    input: searchInput,
    output: found,
    annotations: readOnly,
  })
  search({ path, maxResults, ...options }: z.output<typeof searchInput>, { signal, progress }: CallContext) {
    const limits = { ...scanLimits, results: maxResults };
    const report = ({ filesSearched, matches }: Found) =>
      progress(filesSearched, undefined, `${filesSearched} files searched, ${matches.length} matches`);
    return searchFiles(this.#root, parsePath(path), { ...options, limits }, signal, report);
  }
}

/**
 * Deviation: MCP 2026-07-28 Tools §Structured Content asks for the JSON as text; a model reads and quotes a file better
 * as it is than escaped (docs/decisions/0006-file-text-unescaped.md).
 */
function contentOf(part: FilePart): ContentBlock[] {
  const { path, mimeType, content, encoding, offset, bytes, nextLine, nextOffset } = part;
  const next = nextLine === undefined ? `offset ${nextOffset}` : `startLine ${nextLine}`;
  const more: ContentBlock[] =
    nextOffset === undefined
      ? []
      : [{ type: 'text', text: `[bytes ${offset} to ${nextOffset} of ${bytes}; go on with ${next}]` }];
  if (encoding === 'utf-8') return [{ type: 'text', text: content }, ...more];
  if (mimeType && /^(image|audio)\//.test(mimeType) && offset === 0 && nextOffset === undefined) {
    return [{ type: mimeType.startsWith('image/') ? 'image' : 'audio', data: content, mimeType }];
  }
  const blob = { uri: fileUri(path), mimeType: mimeType ?? 'application/octet-stream', blob: content };
  return [{ type: 'resource', resource: blob }, ...more];
}
