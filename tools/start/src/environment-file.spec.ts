import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeEnvironmentFile } from './environment-file.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-environment-'));
const file = path.join(folder, 'role.env');
afterAll(() => rmSync(folder, { recursive: true }));

describe('an environment file', () => {
  it.each([
    ['a URL', 'postgres://user:p-_w@127.0.0.1:5432/gatehouse'],
    ['a path with spaces and a hash', '/home/me/my files #1'],
    ['a single quote', "/home/o'brien/files"],
    ['both quotes', `it's "mine"`],
    ['a dollar and a backslash', '$HOME\\n'],
    ['base64', 'a+b/c=='],
  ])('gives %s back unchanged through --env-file', (_, value) => {
    writeEnvironmentFile(file, { SAMPLE: value });
    const { stdout } = spawnSync(
      process.execPath,
      [`--env-file=${file}`, '-e', 'process.stdout.write(process.env.SAMPLE)'],
      { encoding: 'utf8', env: {} },
    );
    expect(stdout).toBe(value);
  });

  it('can be read by its owner only, for it holds passwords', () => {
    writeEnvironmentFile(file, {});
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
