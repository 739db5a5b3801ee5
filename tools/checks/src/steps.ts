import { spawn } from 'node:child_process';
import path from 'node:path';

/** The root of the workspace. */
export const root = path.resolve(import.meta.dirname, '../../..');

/** One step of the checks: a command of the workspace's own tools. */
export interface Step {
  name: string;
  command: string[];
}

/**
 * The steps before any test: none of them changes a tracked file. The build comes first, since typed lint rules read its
 * declarations.
 */
export const staticSteps: Step[] = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'build', command: ['nx', 'run-many', '-t', 'build', '--outputStyle=static'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', '.'] },
  { name: 'boundaries', command: ['node', 'tools/checks/src/boundaries.ts'] },
  { name: 'types of tools and tests', command: ['tsc', '--noEmit', '-p', 'tools/checks/tsconfig.all.json'] },
  { name: 'settings table', command: ['node', 'tools/checks/src/settings-table.ts'] },
];

/** Runs a step with its output shown; resolves with its exit code. */
export async function runStep(step: Step, environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  const started = performance.now();
  console.log(`\n== ${step.name}: ${step.command.join(' ')}`);
  const [command = '', ...parameters] = step.command;
  const exitCode = await new Promise<number>((resolve) => {
    const child = spawn(command, parameters, { cwd: root, stdio: 'inherit', env: environment });
    child.on('error', (error) => {
      console.error(`${command} could not be run: ${error.message}`);
      resolve(127);
    });
    child.on('exit', (code, signal) => resolve(code ?? (signal ? 128 : 1)));
  });
  console.log(
    `== ${step.name}: ${exitCode === 0 ? 'passed' : `failed (${exitCode})`} in ${seconds(performance.now() - started)}`,
  );
  return exitCode;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
