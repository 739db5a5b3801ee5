/** What the test runner's JSON report says, as far as the summary needs it. */
export interface TestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  success: boolean;
}

/** Everything that a run of `npm test` learned. */
interface TestRun {
  /** Absent when the runner did not get as far as a report. */
  report: TestReport | undefined;
  /** Names of the steps that failed. */
  failedSteps: string[];
  /** Sentences naming what a missing prerequisite kept from running. */
  notRun: string[];
  /** In continuous integration a missing prerequisite is a failure. */
  continuousIntegration: boolean;
}

/** The closing lines of `npm test` and its exit code. */
export function summarize(run: TestRun): { text: string; exitCode: number } {
  const { report, failedSteps, notRun, continuousIntegration } = run;
  const skipped = report?.numPendingTests ?? 0;
  const lines = notRun.map((sentence) => `did not run: ${sentence}`);
  if (failedSteps.length > 0) lines.push(`failed steps: ${failedSteps.join(', ')}`);
  const missing = continuousIntegration && notRun.length > 0;
  if (missing) lines.push('a prerequisite is missing, which is a failure with CI=true');
  const noTests = (report?.numPassedTests ?? 0) === 0;
  if (noTests) lines.push('no test ran');
  const failed = failedSteps.length > 0 || missing || noTests || report?.success !== true;
  const failures = Math.max(report?.numFailedTests ?? 0, failed ? 1 : 0);
  lines.push(`${report?.numPassedTests ?? 0} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return { text: lines.join('\n'), exitCode: failed ? 1 : 0 };
}
