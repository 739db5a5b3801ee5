import { base32 } from '../../accounts/totp.ts';
import { Layout, renderDocument } from '../../interactions/pages/layout.tsx';
import { Problem, problemId } from '../../interactions/pages/problem.tsx';
import type { PageProblem } from '../../interactions/pages/problem.tsx';
import { ActionForm } from './action-form.tsx';
import type { AccountPart } from './action-form.tsx';
import { QrCode } from './qr-code.tsx';

/** What the page shows that adds an authenticator. */
export interface EnrolmentPage extends AccountPart {
  /** Host of this server. */
  host: string;
  secret: Buffer;
  /** The same, as it comes back with the form. */
  sealed: string;
  /** What the QR code says. */
  keyUri: string;
  problem?: PageProblem;
}

/** The page that shows a new key and asks for the first code. */
export function renderEnrolmentPage(page: EnrolmentPage): string {
  const { texts, problem } = page;
  const words = texts.account.enrolment;
  const title = problem ? `${texts.login.problem}: ${words.title}` : words.title;
  return renderDocument(
    <Layout texts={texts} title={title} host={page.host}>
      <h1>{words.title}</h1>
      <p class="soft">{words.scan}</p>
      <QrCode text={page.keyUri} label={words.picture} />
      <p class="small">
        {words.byHand}:{' '}
        <code class="key">
          {base32(page.secret)
            .match(/.{1,4}/g)
            ?.join(' ')}
        </code>
      </p>
      {problem && <Problem problem={problem} texts={texts} />}
      <ActionForm part={page}>
        <input type="hidden" name="enrolment" value={page.sealed} />
        <label for="code">{words.label}</label>
        <input
          id="code"
          class="code"
          name="code"
          type="text"
          inputmode="numeric"
          autocomplete="one-time-code"
          maxlength={16}
          required
          aria-invalid={problem ? 'true' : undefined}
          aria-describedby={problem ? problemId : undefined}
        />
        <div class="buttons">
          <button class="primary" type="submit" name="decision" value="turn-on">
            {words.submit}
          </button>
        </div>
      </ActionForm>
      <p>
        <a href={page.path}>{texts.account.cancel}</a>
      </p>
    </Layout>,
  );
}
