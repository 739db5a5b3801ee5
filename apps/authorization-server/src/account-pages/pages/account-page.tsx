import { Layout, renderDocument } from '../../interactions/pages/layout.tsx';
import type { SignedInBrowser } from '../../sessions/browser-sessions.ts';
import type { ConnectedClient } from '../connected-clients.ts';
import type { AccountOutcome } from '../account-actions.ts';
import { ActionForm } from './action-form.tsx';
import type { AccountPart } from './action-form.tsx';
import { ClientsPart } from './clients-part.tsx';
import { PasswordPart } from './password-part.tsx';
import { SecondFactorPart } from './second-factor-part.tsx';
import { SessionsPart } from './sessions-part.tsx';

/** What the account page shows. */
export interface AccountPage extends AccountPart {
  /** Host of this server. */
  host: string;
  email: string;
  clients: ConnectedClient[];
  sessions: SignedInBrowser[];
  /** The session of the browser that asks. */
  presentSession: string;
  secondFactor: { since: Date; recoveryCodesLeft: number } | undefined;
  /** What was done just now, in words. */
  done: string | undefined;
  /** The form that comes back, and why. */
  problem: Extract<AccountOutcome, { kind: 'problem' }> | undefined;
}

/** The page of somebody's account. */
export function renderAccountPage(page: AccountPage): string {
  const { texts, problem } = page;
  const title = problem ? `${texts.login.problem}: ${texts.account.title}` : texts.account.title;
  return renderDocument(
    <Layout texts={texts} title={title} host={page.host} width="wide">
      <div class="headline">
        <div>
          <h1>{texts.account.title}</h1>
          <p class="soft">
            <bdi>{page.email}</bdi>
          </p>
        </div>
        <ActionForm part={page}>
          <button type="submit" name="decision" value="sign-out">
            {texts.account.signOut}
          </button>
        </ActionForm>
      </div>
      {page.done === undefined ? undefined : (
        <p class="done" role="status">
          {page.done}
        </p>
      )}
      <ClientsPart part={page} clients={page.clients} />
      <SessionsPart part={page} sessions={page.sessions} present={page.presentSession} />
      <SecondFactorPart part={page} email={page.email} secondFactor={page.secondFactor} problem={problem} />
      <PasswordPart part={page} email={page.email} problem={problem} />
    </Layout>,
  );
}
