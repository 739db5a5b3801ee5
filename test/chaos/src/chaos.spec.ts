import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deployment } from './deployment.ts';
import { renderFindings } from './report-table.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';

// The short forms of the quickest scenarios; `npm run chaos` runs all of them at their full length.
const seed = 1;

describe('two gateways and four workers', () => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.start();
  });

  afterAll(() => deployment?.stop());

  it.each(scenarios.filter(({ smoke, deployment: own }) => smoke && !own))('$requirement', async (scenario) => {
    expect(renderFindings(await runScenario(scenario, deployment, { seed, full: false }))).toBe('');
  });
});
