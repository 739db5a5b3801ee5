import { build } from './build.ts';

// `npm start`: compile, then run the local stack. The stack is imported after the build, for it uses the workspace's own
// libraries, which a clean clone does not have in compiled form.
const startedAt = performance.now();
process.stdout.write('building ...\n');
if (await build()) {
  process.stdout.write(`built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
  const { runStack } = await import('./stack.ts');
  process.exitCode = await runStack({ watch: process.argv.includes('--watch') });
} else {
  process.stderr.write('start: the build failed, see above\n');
  process.exitCode = 1;
}
