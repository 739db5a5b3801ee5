import type { ServerOptions } from '@gatehouse/worker';
import { ChangedFiles } from './changed-files.ts';
import { FileResources } from './file-resources.ts';
import { ReadingTools } from './reading-tools.ts';
import { RootDirectory } from './root-directory.ts';
import { WritingTools } from './writing-tools.ts';

/** The files server over a directory. */
export function filesServer(root: RootDirectory): ServerOptions {
  return {
    server: 'files',
    title: 'Files',
    version: '0.1.0',
    description: 'The files of one directory: find, read, write, move and delete them.',
    instructions:
      'Paths are relative to the served directory and use "/". Find files with search (content) or list (recursive, name). ' +
      "Before replacing a file, read it and pass its version as expectedVersion, so that nobody else's change is lost.",
    providers: [{ provide: RootDirectory, useValue: root }, ChangedFiles, ReadingTools, WritingTools, FileResources],
  };
}
