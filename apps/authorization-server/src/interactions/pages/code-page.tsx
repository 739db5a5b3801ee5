import { Layout, renderDocument } from './layout.tsx';
import { Problem, problemId } from './problem.tsx';
import type { PageProblem } from './problem.tsx';
import type { Texts } from './texts.ts';

/** What the form for the second step of a sign-in shows. */
export interface CodePage {
  texts: Texts;
  /** E-mail of the account whose password was right. */
  email: string;
  problem?: PageProblem;
  formToken: string;
  /** Host of this server. */
  host: string;
}

/** The page that asks for a code of the authenticator, or a recovery code. */
export function renderCodePage(page: CodePage): string {
  const { problem, texts } = page;
  const wrong =
    problem?.kind === 'wrong-code' ? { 'aria-invalid': 'true' as const, 'aria-describedby': problemId } : {};
  const title = problem ? `${texts.login.problem}: ${texts.code.title}` : texts.code.title;
  return renderDocument(
    <Layout texts={texts} title={title} host={page.host} width="narrow">
      <h1>{texts.code.title}</h1>
      <p class="soft">{texts.code.introduction}</p>
      {problem && <Problem problem={problem} texts={texts} />}
      <form method="post">
        <input type="hidden" name="form_token" value={page.formToken} />
        <label for="code">{texts.code.label}</label>
        <input
          id="code"
          class="code"
          name="code"
          type="text"
          inputmode="numeric"
          autocomplete="one-time-code"
          maxlength={16}
          required
          autofocus
          {...wrong}
        />
        <div class="buttons">
          <button class="primary" type="submit" name="decision" value="code">
            {texts.code.submit}
          </button>
        </div>
      </form>
      <details>
        <summary>{texts.code.lost}</summary>
        <form method="post">
          <input type="hidden" name="form_token" value={page.formToken} />
          <label for="recovery-code">{texts.code.recoveryLabel}</label>
          <input
            id="recovery-code"
            class="code"
            name="code"
            type="text"
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            maxlength={64}
            required
            aria-describedby="recovery-hint"
          />
          <p class="soft small" id="recovery-hint">
            {texts.code.recoveryHint}
          </p>
          <div class="buttons">
            <button type="submit" name="decision" value="code">
              {texts.code.submit}
            </button>
          </div>
        </form>
      </details>
      <form method="post" class="account">
        <input type="hidden" name="form_token" value={page.formToken} />
        <span class="soft">
          {texts.code.signingInAs} <bdi>{page.email}</bdi>
        </span>
        <button class="link" type="submit" name="decision" value="start-over">
          {texts.code.startOver}
        </button>
      </form>
    </Layout>,
  );
}
