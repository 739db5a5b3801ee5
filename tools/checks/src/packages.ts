import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One workspace package, as the boundary check sees it. */
export interface WorkspacePackage {
  /** Package name, such as `@gatehouse/protocol`. */
  name: string;
  /** Folder relative to the root, such as `libs/protocol`. */
  folder: string;
  /** Everything that its manifest declares, of any kind. */
  declared: Set<string>;
}

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** Reads every package of the workspace below `root`. */
export function readPackages(root: string): WorkspacePackage[] {
  const { workspaces } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { workspaces: string[] };
  return globSync(workspaces, { cwd: root })
    .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as Manifest;
      return {
        name: manifest.name,
        folder: folder.split(path.sep).join('/'),
        declared: new Set([
          ...Object.keys(manifest.dependencies ?? {}),
          ...Object.keys(manifest.devDependencies ?? {}),
          ...Object.keys(manifest.optionalDependencies ?? {}),
        ]),
      };
    });
}

/** TypeScript sources of a package, relative to the root. */
export function sourcesOf(root: string, workspacePackage: WorkspacePackage): string[] {
  return globSync(`${workspacePackage.folder}/**/*.{ts,tsx}`, {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name === 'dist',
  }).toSorted();
}
