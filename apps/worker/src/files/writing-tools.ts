import { ExpectedError, Tool } from '@gatehouse/worker';
import type { CallContext } from '@gatehouse/worker';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ChangedFiles } from './changed-files.ts';
import { deleteFile } from './delete-file.ts';
import { fileInfo } from './file-info.ts';
import { parsePath } from './file-path.ts';
import { moveFile } from './move-file.ts';
import { RootDirectory } from './root-directory.ts';
import { writeFile } from './write-file.ts';

const expectedVersion = z
  .string()
  .max(100)
  .optional()
  .describe('version of an earlier answer: fail if the file has changed since');

const writeInput = z.object({
  path: z.string().describe('Relative to the served directory, such as notes/a.md; missing directories are made'),
  content: z.string().describe('The whole new content'),
  encoding: z.enum(['utf-8', 'base64']).default('utf-8').describe('How content is encoded'),
  overwrite: z.boolean().default(false).describe('Replace a file that exists'),
  expectedVersion,
});

const moveInput = z.object({
  from: z.string().describe('What to move'),
  to: z.string().describe('The whole new path, with the name; missing directories are made'),
  overwrite: z.boolean().default(false).describe('Replace a file that exists there'),
});

const deleteInput = z.object({
  path: z.string().describe('What to delete'),
  recursive: z.boolean().default(false).describe('Also delete a directory that is not empty'),
  expectedVersion,
});

const base64Pattern = /^[A-Za-z0-9+/]*={0,2}$/;

/** The tools of the files server that change something. */
@Injectable()
export class WritingTools {
  readonly #root: RootDirectory;
  readonly #changed: ChangedFiles;

  constructor(root: RootDirectory, changed: ChangedFiles) {
    this.#root = root;
    this.#changed = changed;
  }

  @Tool({
    title: 'Write a file',
    description:
      'Create a file, or replace the whole content of one with overwrite or expectedVersion. The change is all or nothing.',
    input: writeInput,
    output: fileInfo.extend({ outcome: z.enum(['created', 'replaced', 'unchanged']) }),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  })
  async write({ path, content, encoding, ...options }: z.output<typeof writeInput>, { signal }: CallContext) {
    const filePath = parsePath(path);
    const written = await writeFile(this.#root, filePath, decodeContent(content, encoding), options, signal);
    if (written.outcome === 'created') this.#changed.appeared(filePath);
    if (written.outcome === 'replaced') this.#changed.replaced(filePath);
    return written;
  }

  @Tool({
    title: 'Move a file',
    description: 'Move or rename a file or directory.',
    input: moveInput,
    output: fileInfo,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  })
  async move({ from, to, overwrite }: z.output<typeof moveInput>, { signal }: CallContext) {
    const [source, target] = [parsePath(from), parsePath(to)];
    const moved = await moveFile(this.#root, source, target, { overwrite }, signal);
    this.#changed.disappeared(source);
    this.#changed.appeared(target);
    return moved;
  }

  @Tool({
    title: 'Delete a file',
    description: 'Delete a file, or a directory. It cannot be undone. deleted is false when there was nothing.',
    input: deleteInput,
    output: z.object({ deleted: z.boolean() }),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  })
  async delete({ path, ...options }: z.output<typeof deleteInput>, { signal }: CallContext) {
    const filePath = parsePath(path);
    const deleted = await deleteFile(this.#root, filePath, options, signal);
    if (deleted) this.#changed.disappeared(filePath);
    return { deleted };
  }
}

function decodeContent(content: string, encoding: 'utf-8' | 'base64'): Buffer {
  if (encoding === 'utf-8') return Buffer.from(content, 'utf8');
  if (content.length % 4 === 0 && base64Pattern.test(content)) return Buffer.from(content, 'base64');
  throw new ExpectedError('content is not base64: encode the bytes with padding, or set encoding to "utf-8".');
}
