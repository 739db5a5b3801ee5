import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPackages } from './packages.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const libraries = readPackages(root).filter(({ folder }) => folder.startsWith('libs/'));
const readmeOf = (folder: string) => readFileSync(path.join(root, folder, 'README.md'), 'utf8');
const exampleOf = (folder: string) => /```ts\n([^]*?)```/.exec(readmeOf(folder))?.[1] ?? '';

/** The words of the paragraph of public names, without what it says of them in brackets. */
function publicNamesOf(folder: string): string[] {
  const [paragraph = ''] = /^Public names:[^]*?\n\n/m.exec(readmeOf(folder)) ?? [];
  const named = [...paragraph.replaceAll(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  return [...new Set(named)];
}

/** What a library exports beside types. */
function valuesOf(folder: string): string[] {
  const index = readFileSync(path.join(root, folder, 'src/index.ts'), 'utf8');
  return [...index.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names = '']) => names.match(/\w+/g) ?? []);
}

/** Type-checks all files at once, with the settings and the sources of the workspace; what the compiler has to say. */
function compile(folder: string, sources: Record<string, string>): string {
  for (const [file, source] of Object.entries(sources)) writeFileSync(path.join(folder, file), source);
  const compilerOptions = {
    composite: false,
    noEmit: true,
    rootDir: root,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
  };
  const project = { extends: '../../../../tsconfig.base.json', compilerOptions, files: Object.keys(sources) };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(project));
  return spawnSync(path.join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' }).stdout;
}

describe('the READMEs of the libraries', { timeout: 60_000 }, () => {
  let folder: string;
  beforeAll(() => {
    const builds = path.join(root, 'tools/checks/dist');
    mkdirSync(builds, { recursive: true });
    folder = mkdtempSync(path.join(builds, 'readmes-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(libraries)(
    '$folder has an example of its own, and names every value that is public',
    ({ name, folder: library }) => {
      expect(exampleOf(library)).toContain(`from '${name}'`);
      expect(publicNamesOf(library).length).toBeGreaterThan(2);
      expect(valuesOf(library).length).toBeGreaterThan(2);
      expect(valuesOf(library).filter((value) => !readmeOf(library).includes(`\`${value}\``))).toEqual([]);
    },
  );

  it('have examples that compile, and name what is exported', () => {
    const sources = libraries.flatMap(({ name, folder: library }) => [
      [`${path.basename(library)}.ts`, exampleOf(library)],
      [`${path.basename(library)}-names.ts`, `export type { ${publicNamesOf(library).join(', ')} } from '${name}';\n`],
    ]);
    expect(compile(folder, Object.fromEntries(sources) as Record<string, string>)).toBe('');
  });
});
