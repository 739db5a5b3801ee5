import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const checker = path.join(import.meta.dirname, 'boundaries.ts');
let copy: string;

/** The tracked and new sources of the workspace, copied to where a violation can be planted without harm. */
beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'gatehouse-boundaries-'));
  const files = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx', '*package.json'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  for (const file of files.split('\n').filter(Boolean)) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    cpSync(path.join(root, file), path.join(copy, file), { force: true });
  }
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function check() {
  return spawnSync(process.execPath, [checker, copy], { encoding: 'utf8' });
}

describe('the boundary check', () => {
  it('passes on the workspace as it is', () => {
    const { status, stderr } = check();
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  // Kept apart so that the check does not read this file as importing it.
  const dynamicImport = 'import';
  const planted: [what: string, file: string, source: string][] = [
    ['an app importing an app', 'apps/gateway/src/planted.ts', `import '@gatehouse/worker-app';`],
    ['a lib importing an app', 'libs/auth/src/planted.ts', `import { x } from '@gatehouse/gateway-app';`],
    ['an arrow that does not exist', 'libs/protocol/src/planted.ts', `export * from '@gatehouse/runtime';`],
    [
      'a relative path out of a package',
      'apps/gateway/src/planted.ts',
      `import x from '../../../libs/auth/src/index.ts';`,
    ],
    ['a deep import', 'apps/gateway/src/planted.ts', `import x from '@gatehouse/auth/src/index.ts';`],
    ['an undeclared dependency', 'libs/protocol/src/planted.ts', `import fastify from 'fastify';`],
    [
      'a dynamic import',
      'libs/auth/src/planted.ts',
      `export const x = () => ${dynamicImport}('@gatehouse/messaging');`,
    ],
  ];
  it.each(planted)('catches %s', (_, file, source) => {
    const target = path.join(copy, file);
    writeFileSync(target, `${source}\n`);
    const { status, stderr } = check();
    rmSync(target);
    expect(stderr).toContain(`${file}: `);
    expect(status).toBe(1);
  });
});
