import type { BigIntStats } from 'node:fs';
import { z } from 'zod';
import { mediaTypeOf } from './media-type.ts';
import { RootDirectory } from './root-directory.ts';

const entryType = z.enum(['file', 'directory', 'link', 'special']);

/** What `stat` and `list` tell about an entry. */
export const fileInfo = z.object({
  path: z.string().describe('Relative to the served directory'),
  type: entryType.describe('special: a pipe, socket or device, which cannot be used'),
  bytes: z.number().int().optional().describe('Size of a file'),
  modified: z.string().describe('Last change of the content, ISO 8601'),
  mimeType: z.string().optional(),
  version: z
    .string()
    .optional()
    .describe('Changes with the content of a file; pass it as expectedVersion to write, move or delete'),
});

export type FileInfo = z.output<typeof fileInfo>;

/** Describes an entry from its stats. */
export function describeFile(filePath: string, stats: BigIntStats): FileInfo {
  const mimeType = stats.isFile() ? mediaTypeOf(filePath) : undefined;
  return {
    path: filePath,
    type: typeOf(stats),
    modified: stats.mtime.toISOString(),
    ...(stats.isFile() && { bytes: Number(stats.size), version: versionOf(stats) }),
    ...(mimeType && { mimeType }),
  };
}

/** A file's version: every write replaces the file (inode), and other programs change its time or size. */
export function versionOf(stats: BigIntStats): string {
  return [stats.ino, stats.mtimeNs, stats.size].map((part) => part.toString(36)).join('-');
}

/** Describes what is at a path; links are followed. */
export function statFile(root: RootDirectory, filePath: string): Promise<FileInfo> {
  if (filePath === '') return root.withDirectory('', async (directory) => describeFile('', await directory.stat()));
  return root.withEntry(filePath, { follow: true }, async ({ directory, name }) =>
    describeFile(filePath, await directory.lstat(name)),
  );
}

function typeOf(stats: BigIntStats): FileInfo['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'special';
}
