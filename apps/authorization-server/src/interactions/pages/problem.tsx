import type { Texts } from './texts.ts';

/** Why a form was not accepted, in one of the ways that `texts.problems` tells. */
export type PageProblem =
  | { kind: Exclude<keyof Texts['problems'], 'throttled' | 'busy' | 'wait'> }
  | { kind: 'throttled' | 'busy'; retryAfterSeconds: number };

/** The id by which fields point at their problem. */
export const problemId = 'problem';

/** What was wrong, before the form that it is about. */
export function Problem({ problem, texts }: { problem: PageProblem; texts: Texts }) {
  const { problems } = texts;
  const { title, hint } =
    'retryAfterSeconds' in problem
      ? { title: problems[problem.kind], hint: problems.wait(problem.retryAfterSeconds) }
      : problems[problem.kind];
  return (
    <div class="problem" id={problemId} role="alert">
      <h2>{title}</h2>
      <p>{hint}</p>
    </div>
  );
}

/** A form to correct is 422; an attempt that was not looked at tells when to come back (RFC 6585 §4). */
export function statusOfProblem(problem: PageProblem | undefined): number {
  if (!problem) return 200;
  if (problem.kind === 'throttled') return 429;
  return problem.kind === 'busy' ? 503 : 422;
}
