import { displayClientName } from './client-name.ts';
import { Layout, renderDocument } from './layout.tsx';
import { texts } from './texts.ts';

/** What the sign-in form shows. */
export interface LoginPage {
  clientName: string | undefined;
  /** What the person typed before, or the client's `login_hint`. */
  email: string;
  /** Why the last attempt failed. */
  problem?: { kind: 'refused' } | { kind: 'throttled' | 'busy'; retryAfterSeconds: number };
  formToken: string;
  /** Host of this server. */
  host: string;
}

/** The page that asks for e-mail and password. */
export function renderLoginPage(page: LoginPage): string {
  const { problem } = page;
  const refused = problem?.kind === 'refused' ? { 'aria-invalid': 'true' as const, 'aria-describedby': 'problem' } : {};
  const title = problem ? `${texts.login.problem}: ${texts.login.title}` : texts.login.title;
  return renderDocument(
    <Layout title={title} host={page.host} narrow>
      <h1>{texts.login.title}</h1>
      <p class="soft">{texts.login.purpose(displayClientName(page.clientName))}</p>
      {problem && <Problem problem={problem} />}
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
          <button type="submit" name="decision" value="deny" formnovalidate>
            {texts.login.cancel}
          </button>
        </div>
      </form>
    </Layout>,
  );
}

function Problem({ problem }: { problem: NonNullable<LoginPage['problem']> }) {
  return (
    <div class="problem" id="problem" role="alert">
      <h2>{texts.login[problem.kind]}</h2>
      <p>{problem.kind === 'refused' ? texts.login.refusedHint : texts.login.waitHint(problem.retryAfterSeconds)}</p>
    </div>
  );
}
