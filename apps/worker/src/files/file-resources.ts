import { Complete, ExpectedError, Resource, ResourceNotFoundError, ResourceTemplate } from '@gatehouse/worker';
import type { CompletionContext, ReadContext, ResourceContents } from '@gatehouse/worker';
import { Injectable } from '@nestjs/common';
import { errorCode } from './explain-failure.ts';
import { statFile } from './file-info.ts';
import { parsePath, quote } from './file-path.ts';
import { fileUri, fileUriTemplate } from './file-uri.ts';
import { listFiles } from './list-files.ts';
import { readFile } from './read-file.ts';
import type { FilePart } from './read-file.ts';
import { RootDirectory } from './root-directory.ts';
import { scanLimits } from './scan-limits.ts';
import { walk } from './walk.ts';

/** Resources are read whole; what is larger is for the read tool. */
const maxResourceBytes = 1024 * 1024;
const maxListed = 1_000;

/**
 * The files as MCP resources. Only the served directory itself is listed: files come and go, and every change of a list is
 * stored. From there a client goes on by what it reads, or by completion.
 */
@Injectable()
export class FileResources {
  readonly #root: RootDirectory;

  constructor(root: RootDirectory) {
    this.#root = root;
  }

  @Resource({
    uri: fileUri(''),
    name: 'root',
    title: 'Served directory',
    description: 'The URIs of what is in the served directory, one per line.',
    mimeType: 'text/uri-list',
  })
  directory(context: ReadContext): Promise<ResourceContents[]> {
    return this.file({ path: '' }, context);
  }

  @ResourceTemplate({
    uriTemplate: fileUriTemplate,
    name: 'file',
    title: 'File',
    description: `A file of up to ${maxResourceBytes / 1024} KiB; for a directory, the URIs of what is in it.`,
  })
  async file({ path }: { path: string }, { uri, signal }: ReadContext): Promise<ResourceContents[]> {
    try {
      const filePath = parsePath(path);
      const { type, bytes = 0 } = await statFile(this.#root, filePath);
      if (type === 'directory') return [await this.#listDirectory(filePath, uri, signal)];
      if (bytes > maxResourceBytes) {
        throw new ExpectedError(
          `${quote(filePath)} has ${bytes} bytes, resources at most ${maxResourceBytes}: read it in parts with the read tool.`,
        );
      }
      const part = await this.#readWhole(filePath, signal);
      const mimeType = part.mimeType ?? (part.encoding === 'utf-8' ? 'text/plain' : 'application/octet-stream');
      return [{ uri, mimeType, ...(part.encoding === 'utf-8' ? { text: part.content } : { blob: part.content }) }];
    } catch (error) {
      if (error instanceof Error && errorCode(error.cause) === 'ENOENT') throw new ResourceNotFoundError(uri);
      throw error;
    }
  }

  @Complete({ uriTemplate: fileUriTemplate, argument: 'path' })
  async completePath(typed: string, { signal }: CompletionContext): Promise<string[]> {
    const split = typed.lastIndexOf('/') + 1;
    const begun = typed.slice(split).toLowerCase();
    try {
      const filePath = parsePath(typed.slice(0, split));
      return await this.#root.withDirectory(filePath, async (directory) => {
        const values: string[] = [];
        for await (const { entry, path } of walk(directory, filePath, {
          recursive: false,
          signal,
          onLeftOut: () => {},
        })) {
          if (entry.name.toLowerCase().startsWith(begun)) values.push(entry.isDirectory() ? `${path}/` : path);
        }
        return values;
      });
    } catch (error) {
      if (error instanceof ExpectedError) return []; // nothing there yet, or nothing that may be
      throw error;
    }
  }

  async #readWhole(filePath: string, signal: AbortSignal): Promise<FilePart> {
    const options = { maxBytes: maxResourceBytes, limits: scanLimits };
    const part = await readFile(this.#root, filePath, { ...options, encoding: 'auto' }, signal);
    if (part.nextOffset === undefined) return part;
    // Text full of control characters, which grows too long when it is encoded.
    const bytes = await readFile(this.#root, filePath, { ...options, encoding: 'base64' }, signal);
    if (bytes.nextOffset === undefined) return bytes;
    throw new ExpectedError(`${quote(filePath)} grew meanwhile: read it in parts with the read tool.`);
  }

  async #listDirectory(filePath: string, uri: string, signal: AbortSignal): Promise<ResourceContents> {
    const { entries, nextAfter } = await listFiles(
      this.#root,
      filePath,
      { recursive: false, limit: maxListed },
      signal,
    );
    const lines = entries.map(({ path }) => fileUri(path));
    if (nextAfter) lines.push(`# there is more: use the list tool with after ${quote(nextAfter)}`);
    return { uri, mimeType: 'text/uri-list', text: lines.map((line) => `${line}\r\n`).join('') };
  }
}
