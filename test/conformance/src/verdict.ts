import type { Check, SuiteResults } from './suite.ts';

/** How a scenario ended, in the light of what is asked of it. */
type Outcome = 'passed' | 'FAILED' | 'NOT RUN' | 'UNEXPECTED PASS' | 'not yet required' | 'not required';

/** One line of the table. */
export interface ScenarioVerdict {
  scenario: string;
  outcome: Outcome;
  succeeded: number;
  /** The checks that failed or warned. */
  complaints: Check[];
}

/** What is asked of the scenarios; any other is shown and decides nothing. */
export interface Asked {
  required: readonly string[];
  notYetRequired: readonly string[];
}

/** Judges what the suite found against what is asked. */
export function judge(results: SuiteResults, asked: Asked): ScenarioVerdict[] {
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

function outcomeOf(scenario: string, checks: Check[], asked: Asked): Outcome {
  // A scenario that could check nothing has shown nothing. A warning is a SHOULD that was not followed: it needs a reason.
  const passed =
    checks.some(({ status }) => status === 'SUCCESS') &&
    checks.every(({ status }) => status !== 'FAILURE' && status !== 'WARNING');
  if (asked.notYetRequired.includes(scenario)) return passed ? 'UNEXPECTED PASS' : 'not yet required';
  if (!asked.required.includes(scenario)) return 'not required';
  if (checks.length === 0) return 'NOT RUN';
  return passed ? 'passed' : 'FAILED';
}

/** True when the outcome breaks the run. */
export function isFailure({ outcome }: ScenarioVerdict): boolean {
  return outcome === 'FAILED' || outcome === 'NOT RUN' || outcome === 'UNEXPECTED PASS';
}

/** The table for a terminal, with every complaint about a failure below its line. */
export function renderTable(title: string, verdicts: ScenarioVerdict[]): string {
  const width = Math.max(...verdicts.map(({ scenario }) => scenario.length));
  const lines = verdicts.flatMap((verdict) => {
    const { scenario, outcome, succeeded, complaints } = verdict;
    const counts = `${succeeded} checks${count(complaints, 'FAILURE', 'failed')}${count(complaints, 'WARNING', 'warned')}`;
    const line = `${scenario.padEnd(width)}  ${outcome.padEnd(16)}  ${counts}`;
    return isFailure(verdict) ? [line, ...complaints.map(describe)] : [line];
  });
  return [title, ...lines].join('\n');
}

function count(complaints: Check[], status: Check['status'], word: string): string {
  const number = complaints.filter((complaint) => complaint.status === status).length;
  return number === 0 ? '' : `, ${number} ${word}`;
}

function describe({ id, status, description, errorMessage }: Check): string {
  return `    ${status} ${id}: ${errorMessage ?? description}`;
}
