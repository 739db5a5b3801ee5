import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { authorizationScenarios, notYetRequired, requiredScenarios } from './scenarios.ts';
import { runSuite } from './suite.ts';
import { isFailure, judge, renderTable } from './verdict.ts';
import type { ScenarioVerdict } from './verdict.ts';

const root = path.resolve(import.meta.dirname, '../../..');

function build(): void {
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  const projects = ['apps/authorization-server', 'apps/gateway', 'test/conformance/fixture'];
  const { status } = spawnSync(process.execPath, [compiler, '-b', ...projects], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the build failed');
}

/** The official suite against gateways, and beside it against an authorization server. */
async function runConformance(): Promise<ScenarioVerdict[]> {
  build();
  const verdicts = await Promise.all([judgeGateways(), judgeAuthorization()]);
  return verdicts.flat();
}

async function judgeAuthorization(): Promise<ScenarioVerdict[]> {
  // Only now: what it imports is built by the step before.
  const { judgeAuthorizationServer } = await import('./authorization-server.ts');
  const found = judge(await judgeAuthorizationServer(), { required: authorizationScenarios, notYetRequired: [] });
  console.log(renderTable('\nauthorization server', found));
  return found;
}

/** Against `/mcp/conformance`, through one gateway and two, then against the aggregated `/mcp`. */
async function judgeGateways(): Promise<ScenarioVerdict[]> {
  const { startStack } = await import('./stack.ts');
  const stack = await startStack();
  try {
    const verdicts: ScenarioVerdict[] = [];
    for (const [title, url] of Object.entries(stack.endpoints)) {
      const found = judge(await runSuite(url), { required: requiredScenarios, notYetRequired });
      console.log(renderTable(`\n${title}`, found));
      verdicts.push(...found);
    }
    if (verdicts.some(isFailure)) console.log(`\nend of the gateway's log:\n${stack.gatewayLog()}`);
    return verdicts;
  } finally {
    await stack.stop();
  }
}

try {
  const verdicts = await runConformance();
  const failed = verdicts.filter(isFailure).length;
  const passed = verdicts.filter(({ outcome }) => outcome === 'passed').length;
  console.log(`\nconformance: ${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  console.log('\nconformance: 0 passed, 1 failed');
  process.exitCode = 1;
}
