import { ExpectedError } from '@gatehouse/worker';

/** Names that this server uses for its own files beside the caller's; nobody may address or see them. */
export const reservedPrefix = '.gatehouse-';

const maxPathBytes = 4_096;
const maxNameBytes = 255;

/**
 * Reads a caller's path: relative to the served directory, with `/` between names; `''` is the directory itself.
 * This is about words only; links are followed and checked by `RootDirectory`.
 * @throws ExpectedError that says what to write instead
 */
export function parsePath(input: string): string {
  if (input.includes('\0')) throw new ExpectedError('The path contains a NUL character: remove it.');
  if (Buffer.byteLength(input) > maxPathBytes) {
    throw new ExpectedError(`The path is longer than ${maxPathBytes} bytes: no such file can exist here.`);
  }
  const shown = quote(input);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(input)) {
    throw new ExpectedError(`${shown} is a URI: pass only the path, for files:///notes/a.md that is "notes/a.md".`);
  }
  // On Windows "C:a" is a path as well, relative to the drive's own directory.
  const isWindows = process.platform === 'win32';
  if ((isWindows ? /^(\/|~\/|[A-Za-z]:)/ : /^(\/|~\/|[A-Za-z]:[\\/])/).test(input)) {
    throw new ExpectedError(
      `${shown} is absolute: paths are relative to the served directory, such as "notes/a.md"; "" is the directory itself.`,
    );
  }
  if (isWindows && input.includes('\\'))
    throw new ExpectedError(`${shown} contains a backslash: separate names with "/".`);
  const names = input.split('/').filter((name) => name !== '' && name !== '.');
  for (const name of names) checkName(name, shown);
  return names.join('/');
}

/** A path as messages show it. */
export function quote(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}...` : path);
}

function checkName(name: string, shown: string): void {
  if (name === '..') {
    throw new ExpectedError(`${shown} contains "..": write the path from the served directory down, without it.`);
  }
  if (name.startsWith(reservedPrefix)) {
    throw new ExpectedError(
      `${shown} contains a name that begins with ${reservedPrefix}: it is reserved, choose another.`,
    );
  }
  if (Buffer.byteLength(name) > maxNameBytes) {
    throw new ExpectedError(`${shown} contains a name longer than ${maxNameBytes} bytes: shorten it.`);
  }
}
