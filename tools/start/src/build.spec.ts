import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { removeStaleOutputs } from './build.ts';

const workspace = mkdtempSync(path.join(tmpdir(), 'gatehouse-build-'));
afterAll(() => rmSync(workspace, { recursive: true }));

function write(file: string, content = ''): string {
  const whole = path.join(workspace, file);
  mkdirSync(path.dirname(whole), { recursive: true });
  writeFileSync(whole, content);
  return whole;
}

it('removes what was compiled from deleted sources and keeps everything else', () => {
  write('tsconfig.json', JSON.stringify({ references: [{ path: 'libs/a' }, { path: 'apps/b' }] }));
  write('libs/a/src/kept.ts');
  write('apps/b/src/pages/page.tsx');
  const kept = [
    'libs/a/dist/kept.js',
    'libs/a/dist/kept.d.ts.map',
    'dist/apps/b/pages/page.js',
    'dist/apps/b/data.json',
  ];
  const stale = ['libs/a/dist/gone.js', 'libs/a/dist/gone.d.ts', 'dist/apps/b/pages/gone.js.map'];
  for (const file of [...kept, ...stale]) write(file);
  removeStaleOutputs(workspace);
  expect([...kept, ...stale].filter((file) => existsSync(path.join(workspace, file)))).toEqual(kept);
});
