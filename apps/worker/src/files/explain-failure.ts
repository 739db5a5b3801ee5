import { ExpectedError } from '@gatehouse/worker';
import { quote } from './file-path.ts';

const explanations: Record<string, (path: string) => string> = {
  ENOENT: (path) => `There is nothing at ${path}: use list or search to see what there is.`,
  ENOTDIR: (path) => `A part of ${path} is a file, not a directory: use list to see what there is.`,
  EISDIR: (path) => `${path} is a directory: use list to see what is in it.`,
  EEXIST: (path) => `There is something at ${path} already: choose another path.`,
  ENOTEMPTY: (path) => `The directory ${path} is not empty: pass recursive if everything in it may go.`,
  ELOOP: (path) =>
    `${path} goes through links that lead in a circle, or changed meanwhile: use list to see what there is.`,
  EACCES: (path) => `The server may not access ${path}: choose another path or ask for permissions.`,
  EPERM: (path) => `The server may not change ${path}: choose another path or ask for permissions.`,
  EROFS: (path) => `${path} is on a read-only file system: it cannot be changed.`,
  ENOSPC: (path) => `There is no space left to write ${path}: delete something first.`,
  EDQUOT: (path) => `The quota is used up, ${path} cannot be written: delete something first.`,
  EXDEV: (path) => `${path} is on another file system: read it and write it there instead.`,
  EINVAL: (path) => `${path} cannot be used like this: a directory cannot be moved into itself.`,
  ENAMETOOLONG: (path) => `${path} is too long for the file system: shorten it.`,
  EBUSY: (path) => `${path} is in use by the system: try again later.`,
  EMFILE: (path) => `The server has too many files open to reach ${path}: try again later.`,
};

/**
 * Turns a failure of the file system into words for the caller. Node's own message names absolute paths of this
 * machine, which are none of the caller's business.
 */
export function explainFailure(error: unknown, path: string): unknown {
  const code = errorCode(error);
  if (code === undefined) return error;
  const explain = explanations[code] ?? ((shown: string) => `The file system refused ${shown} (${code}).`);
  return new ExpectedError(explain(path === '' ? 'the served directory' : quote(path)), { cause: error });
}

/** The system's code of a failed file operation, such as ENOENT. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
