import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
const compiler = path.join(root, 'node_modules/typescript/bin/tsc');

/**
 * Builds the programs that the scenarios start, and what they are made of.
 * @throws Error when they do not compile; the compiler has printed why
 */
export default function build(): void {
  const { status } = spawnSync(process.execPath, [compiler, '-b', 'apps/gateway', 'test/chaos/ledger-worker'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the build failed');
}
