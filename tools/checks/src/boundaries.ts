import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { readPackages, sourcesOf } from './packages.ts';
import type { WorkspacePackage } from './packages.ts';

/**
 * The arrows of ARCHITECTURE.md: which inside packages a package may import. Apps may import every lib and no app;
 * nothing imports an app.
 */
const libraries = ['auth', 'database', 'messaging', 'protocol', 'runtime', 'worker'].map((name) => `libs/${name}`);
const arrows: Record<string, string[]> = {
  'libs/protocol': [],
  'libs/runtime': [],
  'libs/auth': ['libs/protocol', 'libs/runtime'],
  'libs/messaging': ['libs/protocol', 'libs/runtime'],
  'libs/worker': ['libs/messaging', 'libs/protocol', 'libs/runtime'],
  'libs/database': ['libs/runtime'],
  'tools/start': ['libs/messaging', 'libs/runtime'],
  'tools/checks': ['libs/runtime', 'tools/start'],
  'tools/bench': ['libs/auth', 'libs/messaging', 'libs/protocol', 'libs/runtime', 'libs/worker', 'tools/start'],
  test: ['libs/messaging', 'libs/protocol', 'libs/runtime', 'libs/worker', 'tools/start'],
};

/** Test code may use the services of the local stack and the shared test support. */
const testSupport = new Set(['tools/start', 'test']);

const importPattern =
  /(?:^|[\s;}])(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

/** Finds every import that the arrows or the manifests forbid; one sentence each. */
function findBoundaryViolations(root: string): string[] {
  const packages = readPackages(root);
  return packages.flatMap((workspacePackage) =>
    sourcesOf(root, workspacePackage).flatMap((file) =>
      importsOf(path.join(root, file))
        .map((specifier) => explainViolation(root, packages, workspacePackage, file, specifier))
        .filter((violation) => violation !== undefined)
        .map((violation) => `${file}: ${violation}`),
    ),
  );
}

function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...source.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? '');
}

function explainViolation(
  root: string,
  packages: WorkspacePackage[],
  from: WorkspacePackage,
  file: string,
  specifier: string,
): string | undefined {
  const isTest = !file.startsWith(`${from.folder}/src/`) || /\.spec\.tsx?$/.test(file);
  if (specifier.startsWith('.')) return explainRelative(root, from, file, specifier, isTest);
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return undefined;
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const target = packages.find((candidate) => candidate.name === name);
  if (target && target !== from) {
    if (specifier !== name) return `imports ${specifier}; a package is entered by its index only`;
    if (!mayImport(from.folder, target.folder, isTest)) return `${from.folder} must not import ${target.folder}`;
    if (isTest && testSupport.has(target.folder)) return undefined;
  }
  if (target === from || from.declared.has(name)) return undefined;
  if (isTest && name === 'vitest') return undefined;
  if (!file.includes('/') || file.endsWith('vitest.config.ts')) return undefined;
  return `imports ${name}, which ${from.folder}/package.json does not declare`;
}

function explainRelative(
  root: string,
  from: WorkspacePackage,
  file: string,
  specifier: string,
  isTest: boolean,
): string | undefined {
  const target = path
    .relative(root, path.resolve(root, path.dirname(file), specifier))
    .split(path.sep)
    .join('/');
  if (target.startsWith(`${from.folder}/`)) return undefined;
  if (isTest && (target.startsWith('test/support/') || target === 'vitest.project.ts')) return undefined;
  return `leaves its package through ${specifier}`;
}

function mayImport(from: string, to: string, isTest: boolean): boolean {
  if (isTest && testSupport.has(to)) return true;
  const allowed = from.startsWith('apps/') ? libraries : arrows[from];
  return allowed?.includes(to) ?? false;
}

if (import.meta.main) {
  const root = process.argv[2] ?? path.resolve(import.meta.dirname, '../../..');
  const violations = findBoundaryViolations(root);
  for (const violation of violations) console.error(violation);
  console.log(violations.length === 0 ? 'boundaries hold' : `${violations.length} imports cross a boundary`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
