import { spawn } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import path from 'node:path';
import type { AppProcess } from './app-process.ts';
import { compiler, outputFolder, root } from './build.ts';
import { guardApp } from './guard.ts';
import { readLines, say, showLine } from './output.ts';

/** Outputs of one compilation arrive in a burst. */
const settleMs = 300;

/**
 * `npm run dev`: compiles what changes and restarts the apps whose outputs changed; a change in a library restarts all.
 * @returns what ends the compiler.
 */
export function watchSources(apps: Map<string, AppProcess>, signal: AbortSignal): () => void {
  const child = spawn(compiler[0], [compiler[1], '-b', '-w', '--preserveWatchOutput'], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  guardApp(child);
  readLines(child.stdout, (line) => showLine('tsc', line, 'pretty'));
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const restartChanged = () => {
    for (const name of changed) {
      say(`${name} changed: restarting it`);
      void apps.get(name)?.restart();
    }
    changed.clear();
  };
  const noteChange = (names: Iterable<string>) => {
    for (const name of names) changed.add(name);
    clearTimeout(timer);
    timer = setTimeout(restartChanged, settleMs);
  };
  for (const [folder, names] of watchedFolders([...apps.keys()])) {
    watch(folder, { recursive: true, signal }, (_event, file) => {
      if (file?.endsWith('.js')) noteChange(names);
    });
  }
  return () => {
    clearTimeout(timer);
    child.kill('SIGTERM');
  };
}

/** Output folders and the apps that a change in them concerns. */
function watchedFolders(apps: string[]): [string, string[]][] {
  const libraries = ['protocol', 'runtime', 'auth', 'messaging', 'database', 'worker'];
  return [
    ...apps.map((name): [string, string[]] => [path.join(root, outputFolder(`apps/${name}`)), [name]]),
    ...libraries.map((name): [string, string[]] => [path.join(root, outputFolder(`libs/${name}`)), apps]),
  ].filter(([folder]) => existsSync(folder));
}
