import { ServerChanges } from '@gatehouse/worker';
import { Injectable } from '@nestjs/common';
import { fileUri } from './file-uri.ts';

/** Tells clients that listen which files the tools of this server changed; changes by other programs are not seen. */
@Injectable()
export class ChangedFiles {
  readonly #changes: ServerChanges;

  constructor(changes: ServerChanges) {
    this.#changes = changes;
  }

  /** The content of a file is another. */
  replaced(filePath: string): void {
    this.#changes.resourceUpdated(fileUri(filePath));
  }

  /** Something appeared, maybe with the directories that lead there: what they list is another too. */
  appeared(filePath: string): void {
    this.replaced(filePath);
    for (let directory = parentOf(filePath); directory !== undefined; directory = parentOf(directory)) {
      this.replaced(directory);
    }
  }

  /** Something is gone; of a directory, what was in it is not named one by one. */
  disappeared(filePath: string): void {
    this.replaced(filePath);
    this.replaced(parentOf(filePath) ?? '');
  }
}

/** The directory that lists a path, `''` for the served one; undefined for the served one itself. */
function parentOf(filePath: string): string | undefined {
  return filePath === '' ? undefined : filePath.slice(0, Math.max(filePath.lastIndexOf('/'), 0));
}
