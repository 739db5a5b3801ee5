import { once } from 'node:events';
import path from 'node:path';
import type { AppProcess } from './app-process.ts';
import type { ProcessState } from './process-probe.ts';

/** Options of node that load the probe into a process. */
export const probeOptions = ['--expose-gc', '--import', path.join(import.meta.dirname, 'process-probe.ts')];

/** Asks a process that was started with `probeOptions` what it can tell of itself, after it has collected its garbage. */
export async function askState({ child }: AppProcess): Promise<ProcessState> {
  child.send('state');
  const [state] = (await once(child, 'message')) as [ProcessState];
  return state;
}
