import { Layout, renderDocument } from './layout.tsx';
import { Problem, problemId } from './problem.tsx';
import type { PageProblem } from './problem.tsx';
import type { Texts } from './texts.ts';

/** What the sign-in form shows. */
export interface LoginPage {
  texts: Texts;
  /** What the sign-in is for. */
  purpose: string;
  /** What the person typed before, or the client's `login_hint`. */
  email: string;
  /** What was done before, on a page that this one follows. */
  done?: string;
  /** Why the last attempt failed. */
  problem?: PageProblem;
  formToken: string;
  /** Whether there is somebody who waits for the answer that this was called off. */
  isCancellable: boolean;
  /** Host of this server. */
  host: string;
}

/** The page that asks for e-mail and password. */
export function renderLoginPage(page: LoginPage): string {
  const { problem, texts } = page;
  const refused = problem?.kind === 'refused' ? { 'aria-invalid': 'true' as const, 'aria-describedby': problemId } : {};
  const title = problem ? `${texts.login.problem}: ${texts.login.title}` : texts.login.title;
  return renderDocument(
    <Layout texts={texts} title={title} host={page.host} width="narrow">
      <h1>{texts.login.title}</h1>
      <p class="soft">{page.purpose}</p>
      {page.done === undefined ? undefined : (
        <p class="done" role="status">
          {page.done}
        </p>
      )}
      {problem && <Problem problem={problem} texts={texts} />}
      <form method="post">
        <input type="hidden" name="form_token" value={page.formToken} />
        <label for="email">{texts.login.email}</label>
        <input
          id="email"
          name="email"
          type="email"
          value={page.email}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          maxlength={254}
          required
          autofocus={page.email === ''}
          {...refused}
        />
        <label for="password">{texts.login.password}</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          maxlength={1024}
          required
          autofocus={page.email !== ''}
          {...refused}
        />
        <div class="buttons">
          <button class="primary" type="submit" name="decision" value="login">
            {texts.login.submit}
          </button>
          {page.isCancellable && (
            <button type="submit" name="decision" value="deny" formnovalidate>
              {texts.login.cancel}
            </button>
          )}
        </div>
      </form>
    </Layout>,
  );
}
