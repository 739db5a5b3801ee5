import { describe, expect, it } from 'vitest';
import { notYetRequired, requiredScenarios, scoredScenarios } from './scenarios.ts';
import type { Check } from './suite.ts';
import { isFailure, judge, renderTable } from './verdict.ts';

function check(status: Check['status'], errorMessage?: string): Check {
  return { id: `check-${status}`, status, description: 'It does.', ...(errorMessage ? { errorMessage } : {}) };
}

const asked = { required: ['tools-list'], notYetRequired: ['caching'] };

describe('judge', () => {
  it.each<[string, string, Check[], boolean]>([
    ['passed', 'tools-list', [check('SUCCESS'), check('SKIPPED'), check('INFO')], false],
    ['FAILED', 'tools-list', [check('SUCCESS'), check('WARNING')], true],
    ['FAILED', 'tools-list', [check('SUCCESS'), check('FAILURE')], true],
    ['FAILED', 'tools-list', [check('SKIPPED')], true],
    ['NOT RUN', 'tools-list', [], true],
    ['not yet required', 'caching', [check('FAILURE')], false],
    ['UNEXPECTED PASS', 'caching', [check('SUCCESS')], true],
    ['not required', 'ping', [check('FAILURE')], false],
  ])('says "%s" of %s with %j', (outcome, scenario, checks, breaksTheRun) => {
    const verdict = judge(new Map([[scenario, checks]]), asked).find((candidate) => candidate.scenario === scenario);
    expect(verdict?.outcome).toBe(outcome);
    expect(verdict && isFailure(verdict)).toBe(breaksTheRun);
  });

  it('notices a required scenario that the suite did not run', () => {
    const verdicts = judge(new Map([['caching', [check('FAILURE')]]]), asked);
    expect(verdicts.filter(isFailure)).toMatchObject([{ scenario: 'tools-list', outcome: 'NOT RUN' }]);
  });
});

describe('renderTable', () => {
  it('shows every complaint about a failed scenario and none about one that may fail', () => {
    const results = new Map([
      ['tools-list', [check('FAILURE', 'no names')]],
      ['caching', [check('FAILURE', 'no hints')]],
    ]);
    const table = renderTable('title', judge(results, asked));
    expect(table).toContain('FAILURE check-FAILURE: no names');
    expect(table).not.toContain('no hints');
  });
});

describe('the lists of scenarios', () => {
  it('name every scenario once', () => {
    const all = [...requiredScenarios, ...notYetRequired];
    expect(new Set(all).size).toBe(all.length);
    expect(scoredScenarios).toHaveLength(37);
  });
});
