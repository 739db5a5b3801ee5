import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** The root of the workspace. */
export const root = path.resolve(import.meta.dirname, '../../..');

/** The TypeScript compiler's command. */
export const compiler = [process.execPath, path.join(root, 'node_modules/typescript/bin/tsc')] as const;

/**
 * Compiles what changed since the last time, and removes what was compiled from sources that are gone.
 * @returns whether it compiled; the compiler has printed why not.
 */
export async function build(): Promise<boolean> {
  removeStaleOutputs(root);
  const child = spawn(compiler[0], [compiler[1], '-b'], { cwd: root, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

/** `tsc -b` leaves the outputs of a deleted source behind, where a forgotten import would still find them. */
export function removeStaleOutputs(workspace: string): void {
  const { references } = JSON.parse(readFileSync(path.join(workspace, 'tsconfig.json'), 'utf8')) as {
    references: { path: string }[];
  };
  for (const { path: folder } of references) {
    const outputs = path.join(workspace, outputFolder(folder));
    for (const output of globSync('**/*.{js,d.ts,js.map,d.ts.map}', { cwd: outputs })) {
      const source = path.join(workspace, folder, 'src', output.replace(/\.(?:d\.ts|js)(?:\.map)?$/, ''));
      if (!existsSync(`${source}.ts`) && !existsSync(`${source}.tsx`)) rmSync(path.join(outputs, output));
    }
  }
}

/** Where a project's outputs are, relative to the root. */
export function outputFolder(folder: string): string {
  return folder.startsWith('apps/') ? path.join('dist', folder) : path.join(folder, 'dist');
}
