import build from './build.ts';
import { parseOptions, usage } from './options.ts';
import type { ChaosOptions } from './options.ts';
import { renderFindings, renderReports } from './report-table.ts';

async function runChaos({ seed, only, quick }: ChaosOptions): Promise<boolean> {
  build();
  // Only now: what they import is built by the step before.
  const { scenarios } = await import('./scenarios.ts');
  const { runAll } = await import('./run-all.ts');
  const chosen = scenarios.filter(({ name }) => only.length === 0 || only.includes(name));
  if (chosen.length === 0)
    throw new TypeError(`there is no such scenario; there are ${scenarios.map(({ name }) => name).join(', ')}`);
  console.log(`seed ${seed}`);
  const reports = await runAll(chosen, { seed, full: !quick }, ({ name, seconds, notes, findings }) => {
    console.log(
      `${name}: ${findings.length === 0 ? 'holds' : 'FAILS'} in ${seconds.toFixed(1)} s (${notes.join('; ')})`,
    );
  });
  console.log(`\n${renderReports(reports)}\n\n${reports.map(renderFindings).filter(Boolean).join('\n')}`);
  const failed = reports.filter(({ findings }) => findings.length > 0).length;
  console.log(`chaos: ${reports.length - failed} scenarios hold, ${failed} do not (seed ${seed})`);
  return failed === 0;
}

try {
  process.exitCode = (await runChaos(parseOptions(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${usage}` : error);
  process.exitCode = 1;
}
