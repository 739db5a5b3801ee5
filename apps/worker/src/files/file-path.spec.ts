import { afterEach, describe, expect, it } from 'vitest';
import { parsePath } from './file-path.ts';

const { platform } = process;

/** Makes the rest of a test run as on another platform. */
function pretendPlatform(value: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value });
}

afterEach(() => pretendPlatform(platform));

describe('a path', () => {
  it.each(['a:b.txt', 'notes/a:b.txt', 'back\\slash', 'notes/..\\x', 'C:'])(
    'may be %j where that is a name like others',
    (path) => {
      pretendPlatform('linux');
      expect(parsePath(path)).toBe(path);
    },
  );

  it.each([
    ['a:b.txt', /is absolute/],
    ['C:', /is absolute/],
    ['C:secret', /is absolute/],
    ['notes/..\\..\\secret', /contains a backslash: separate names with "\/"/],
  ])('may not be %j on Windows', (path, message) => {
    pretendPlatform('win32');
    expect(() => parsePath(path)).toThrow(message);
  });
});
