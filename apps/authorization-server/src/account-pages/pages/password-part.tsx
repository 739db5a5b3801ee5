import { Problem, problemId } from '../../interactions/pages/problem.tsx';
import type { AccountOutcome } from '../account-actions.ts';
import { ActionForm, PasswordField } from './action-form.tsx';
import type { AccountPart } from './action-form.tsx';

/** The form for another password. */
export function PasswordPart(props: {
  part: AccountPart;
  email: string;
  problem: Extract<AccountOutcome, { kind: 'problem' }> | undefined;
}) {
  const { part } = props;
  const { texts } = part;
  const words = texts.account.password;
  const problem = props.problem?.form === 'change-password' ? props.problem.problem : undefined;
  const isPresentWrong = problem?.kind === 'wrong-password';
  const isNextWrong = problem?.kind === 'unacceptable' || problem?.kind === 'different';
  const aboutNext = isNextWrong ? `password-hint ${problemId}` : 'password-hint';
  return (
    <section aria-labelledby="password">
      <h2 id="password">{words.title}</h2>
      <p class="soft">{words.introduction}</p>
      <details open={problem !== undefined}>
        <summary>{words.change}</summary>
        {problem && <Problem problem={problem} texts={texts} />}
        <ActionForm part={part}>
          {/* So that a password manager knows whose password this is. */}
          <input type="text" name="username" value={props.email} autocomplete="username" readonly hidden />
          <PasswordField
            id="present-password"
            name="password"
            label={words.present}
            isWrong={isPresentWrong}
            describedBy={isPresentWrong ? problemId : undefined}
          />
          <PasswordField
            id="new-password"
            name="new_password"
            label={words.next}
            isNew
            isWrong={isNextWrong}
            describedBy={aboutNext}
          />
          <p class="soft small" id="password-hint">
            {words.hint}
          </p>
          <PasswordField id="new-password-again" name="new_password_again" label={words.again} isNew />
          <label class="choice">
            <input type="checkbox" name="disconnect_all" value="yes" />
            {words.disconnect}
          </label>
          <div class="buttons">
            <button class="primary" type="submit" name="decision" value="change-password">
              {words.submit}
            </button>
          </div>
        </ActionForm>
      </details>
    </section>
  );
}
