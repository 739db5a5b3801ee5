import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives back what only the start needed. Evaluating modules has grown V8's young generation, and a process with nothing to do
 * collects nothing and keeps it (docs/decisions/0020). Stops the process for some tens of milliseconds.
 */
export function releaseStartMemory(): void {
  // The one way to reach the collector without a flag on the command line; nothing else sees `gc`.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as NodeJS.GCFunction;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
