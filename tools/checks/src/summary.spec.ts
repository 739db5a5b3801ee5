import { describe, expect, it } from 'vitest';
import { summarize } from './summary.ts';

const green = { numPassedTests: 12, numFailedTests: 0, numPendingTests: 0, success: true };

describe('the summary of npm test', () => {
  it('passes when every step and every test passed', () => {
    expect(summarize({ report: green, failedSteps: [], notRun: [], continuousIntegration: true })).toEqual({
      text: '12 passed, 0 failed',
      exitCode: 0,
    });
  });

  it('names what a missing prerequisite kept from running, and passes outside continuous integration', () => {
    const summary = summarize({
      report: green,
      failedSteps: [],
      notRun: ['browser sign-in: no Chromium'],
      continuousIntegration: false,
    });
    expect(summary.text).toContain('did not run: browser sign-in: no Chromium');
    expect(summary.exitCode).toBe(0);
  });

  it.each([
    ['a failed step', { report: green, failedSteps: ['lint'], notRun: [], continuousIntegration: false }],
    [
      'a failed test',
      {
        report: { ...green, numFailedTests: 1, success: false },
        failedSteps: ['tests'],
        notRun: [],
        continuousIntegration: false,
      },
    ],
    [
      'a missing prerequisite with CI=true',
      { report: green, failedSteps: [], notRun: ['browser'], continuousIntegration: true },
    ],
    [
      'no test at all',
      { report: { ...green, numPassedTests: 0 }, failedSteps: [], notRun: [], continuousIntegration: false },
    ],
    ['no report', { report: undefined, failedSteps: [], notRun: [], continuousIntegration: false }],
  ])('fails on %s', (_, run) => {
    const summary = summarize(run);
    expect(summary.exitCode).toBe(1);
    expect(summary.text).toMatch(/, [1-9]\d* failed$/m);
  });
});
