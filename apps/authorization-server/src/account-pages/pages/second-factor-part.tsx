import { Moment } from '../../interactions/pages/moment.tsx';
import { Problem, problemId } from '../../interactions/pages/problem.tsx';
import type { PageProblem } from '../../interactions/pages/problem.tsx';
import type { AccountOutcome, ProblemForm } from '../account-actions.ts';
import { ActionForm, PasswordField } from './action-form.tsx';
import type { AccountPart } from './action-form.tsx';

/** One thing that can be done about the second factor, for which the password is asked. */
interface SecondFactorForm {
  part: AccountPart;
  email: string;
  decision: Exclude<ProblemForm, 'change-password'>;
  summary: string;
  problem: PageProblem | undefined;
  /** A code of the second factor is asked for as well. */
  asksCode?: boolean;
}

/** Whether sign-in takes a second step, and the forms to change that. */
export function SecondFactorPart(props: {
  part: AccountPart;
  email: string;
  secondFactor: { since: Date; recoveryCodesLeft: number } | undefined;
  problem: Extract<AccountOutcome, { kind: 'problem' }> | undefined;
}) {
  const { part, email, secondFactor } = props;
  const words = part.texts.account.secondFactor;
  const form = (decision: SecondFactorForm['decision']) => {
    const problem = props.problem?.form === decision ? props.problem.problem : undefined;
    return { part, email, decision, problem };
  };
  return (
    <section aria-labelledby="second-factor">
      <h2 id="second-factor">{words.title}</h2>
      {secondFactor ? (
        <>
          <p class="soft">
            {words.on} <Moment at={secondFactor.since} texts={part.texts} />.{' '}
            {words.left(secondFactor.recoveryCodesLeft)}
          </p>
          <Confirmation {...form('renew-codes')} summary={words.renew} />
          <Confirmation {...form('turn-off')} summary={words.turnOff} asksCode />
        </>
      ) : (
        <>
          <p class="soft">{words.off}</p>
          <Confirmation {...form('set-up')} summary={words.setUp} />
        </>
      )}
    </section>
  );
}

function Confirmation({ part, email, decision, summary, problem, asksCode }: SecondFactorForm) {
  const words = part.texts.account.secondFactor;
  const isCodeWrong = problem?.kind === 'wrong-code';
  const isPasswordWrong = problem?.kind === 'wrong-password';
  return (
    <details open={problem !== undefined}>
      <summary>{summary}</summary>
      {problem && <Problem problem={problem} texts={part.texts} />}
      <ActionForm part={part}>
        <input type="text" name="username" value={email} autocomplete="username" readonly hidden />
        <PasswordField
          id={`${decision}-password`}
          name="password"
          label={words.confirm}
          isWrong={isPasswordWrong}
          describedBy={isPasswordWrong ? problemId : undefined}
        />
        {asksCode && (
          <>
            <label for={`${decision}-code`}>{words.code}</label>
            <input
              id={`${decision}-code`}
              class="code"
              name="code"
              type="text"
              autocomplete="one-time-code"
              maxlength={64}
              required
              aria-invalid={isCodeWrong ? 'true' : undefined}
              aria-describedby={isCodeWrong ? problemId : undefined}
            />
          </>
        )}
        <div class="buttons">
          <button type="submit" name="decision" value={decision}>
            {summary}
          </button>
        </div>
      </ActionForm>
    </details>
  );
}
