import type { Check, SuiteResults } from './suite.ts';

/** How a scenario ended, in the light of what is asked of it. */
export type Outcome = 'passed' | 'FAILED' | 'NOT RUN' | 'UNEXPECTED PASS' | 'not yet required' | 'not scored';

/** One line of the table. */
export interface ScenarioVerdict {
  scenario: string;
  outcome: Outcome;
  succeeded: number;
  /** The checks that failed or warned. */
  complaints: Check[];
}

/** Judges what the suite found against what is asked. */
export function judge(
  results: SuiteResults,
  asked: { required: readonly string[]; notYetRequired: readonly string[] },
): ScenarioVerdict[] {
  const missing = asked.required.filter((scenario) => !results.has(scenario));
  return [...results.entries(), ...missing.map((scenario): [string, Check[]] => [scenario, []])].map(
    ([scenario, checks]) => ({
      scenario,
      outcome: outcomeOf(scenario, checks, asked),
      succeeded: checks.filter(({ status }) => status === 'SUCCESS').length,
      complaints: checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING'),
    }),
  );
}

function outcomeOf(
  scenario: string,
  checks: Check[],
  asked: { required: readonly string[]; notYetRequired: readonly string[] },
): Outcome {
  // A scenario that could check nothing has shown nothing.
  const passed =
    checks.some(({ status }) => status === 'SUCCESS') && checks.every(({ status }) => status !== 'FAILURE');
  if (asked.notYetRequired.includes(scenario)) return passed ? 'UNEXPECTED PASS' : 'not yet required';
  if (!asked.required.includes(scenario)) return 'not scored';
  if (checks.length === 0) return 'NOT RUN';
  return passed ? 'passed' : 'FAILED';
}

/** True when the outcome breaks the run. */
export function isFailure({ outcome }: ScenarioVerdict): boolean {
  return outcome === 'FAILED' || outcome === 'NOT RUN' || outcome === 'UNEXPECTED PASS';
}

/** The table for a terminal, with every complaint about a scored scenario below its line. */
export function renderTable(title: string, verdicts: ScenarioVerdict[]): string {
  const width = Math.max(...verdicts.map(({ scenario }) => scenario.length));
  const lines = verdicts.flatMap(({ scenario, outcome, succeeded, complaints }) => [
    `${scenario.padEnd(width)}  ${outcome.padEnd(16)}  ${succeeded} checks${count(complaints, 'FAILURE', 'failed')}${count(complaints, 'WARNING', 'warned')}`,
    ...(outcome === 'not scored' ? [] : complaints.map(describe)),
  ]);
  return [title, ...lines].join('\n');
}

function count(complaints: Check[], status: Check['status'], word: string): string {
  const number = complaints.filter((complaint) => complaint.status === status).length;
  return number === 0 ? '' : `, ${number} ${word}`;
}

function describe({ id, status, description, errorMessage }: Check): string {
  return `    ${status} ${id}: ${errorMessage ?? description}`;
}
