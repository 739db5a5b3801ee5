import { Deployment } from './deployment.ts';
import { runScenario } from './run-scenario.ts';
import type { ScenarioReport } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

/**
 * Runs scenarios one after the other. They share a deployment, unless one needs its own or the last one has failed: what
 * it left behind is no concern of the next.
 */
export async function runAll(
  scenarios: readonly Scenario[],
  options: { seed: number; full: boolean },
  onReport: (report: ScenarioReport) => void,
): Promise<ScenarioReport[]> {
  const reports: ScenarioReport[] = [];
  let shared: Deployment | undefined;
  try {
    for (const scenario of scenarios) {
      const own = scenario.deployment ? await Deployment.start(scenario.deployment) : undefined;
      const deployment = own ?? (shared ??= await Deployment.start());
      const report = await runScenario(scenario, deployment, options);
      reports.push(report);
      onReport(report);
      await own?.stop();
      if (own || report.findings.length === 0) continue;
      await shared?.stop();
      shared = undefined;
    }
  } finally {
    await shared?.stop();
  }
  return reports;
}
