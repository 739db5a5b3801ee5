import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestServer, ServerChanges } from '@gatehouse/worker';
import type { TestAnswer, TestServer } from '@gatehouse/worker';
import { ChangedFiles } from '../src/files/changed-files.ts';
import { FileResources } from '../src/files/file-resources.ts';
import { filesServer } from '../src/files/files-server.ts';
import { ReadingTools } from '../src/files/reading-tools.ts';
import { RootDirectory } from '../src/files/root-directory.ts';
import { WritingTools } from '../src/files/writing-tools.ts';

/** A files server over a real temporary directory, beside which there is another one that nobody may reach. */
export interface ServedDirectory {
  server: TestServer;
  root: RootDirectory;
  /** Absolute path of something in the served directory. */
  inside: (...names: string[]) => string;
  /** Absolute path of something beside it. */
  outside: (...names: string[]) => string;
  remove: () => void;
}

/** Serves a temporary directory with these files, by path. */
export async function serveDirectory(files: Record<string, string | Uint8Array> = {}): Promise<ServedDirectory> {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'gatehouse-files-')));
  const inside = (...names: string[]) => path.join(folder, 'served', ...names);
  const outside = (...names: string[]) => path.join(folder, 'outside', ...names);
  mkdirSync(inside());
  mkdirSync(outside());
  writeFileSync(outside('secret.txt'), 'secret');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(inside(name)), { recursive: true });
    writeFileSync(inside(name), content);
  }
  const root = await RootDirectory.open(inside());
  const changes = new ServerChanges();
  const writing = new WritingTools(root, new ChangedFiles(changes));
  const providers = [new ReadingTools(root), writing, new FileResources(root), changes];
  const server = createTestServer(filesServer(root), providers);
  return { server, root, inside, outside, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The structured content of a successful call; fails with the tool's message otherwise. */
export function valueOf(answer: TestAnswer): Record<string, unknown> {
  if (answer.result.isError !== undefined || answer.error) throw new Error(messageOf(answer));
  return answer.result.structuredContent as Record<string, unknown>;
}

/** The text that an answer begins with, or the message of its error. */
export function messageOf({ result, error }: TestAnswer): string {
  return error?.message ?? (result.content as { text?: string }[] | undefined)?.[0]?.text ?? '';
}
