import { displayClientName } from './client-name.ts';
import { Gate, Layout, renderDocument } from './layout.tsx';
import { describeScopes } from './scope-words.ts';
import type { ScopeWords } from './scope-words.ts';
import type { Texts } from './texts.ts';
import { describeRedirect } from '../redirect-target.ts';
import type { RedirectTarget } from '../redirect-target.ts';

/** What a person is asked to approve. */
interface ApprovalPage {
  texts: Texts;
  /** `first`, `again` for a native application that was approved before, `changed` when it differs from what was. */
  occasion: 'first' | 'again' | 'changed';
  clientName: string | undefined;
  /** Path of its logo at this server. */
  clientLogo: string | undefined;
  /** Host of the metadata document that describes the client, if one does. */
  clientHost: string | undefined;
  redirectUri: string;
  resource: string | undefined;
  scopes: string[];
  /** E-mail of the account that the browser is signed in to. */
  signedInAs: string | undefined;
  formToken: string;
  /** Host of this server. */
  host: string;
}

/** The page that asks whether a client may act for the person. */
export function renderApprovalPage(page: ApprovalPage): string {
  const { texts } = page;
  const name = displayClientName(page.clientName, texts);
  const target = describeRedirect(page.redirectUri);
  const title = page.occasion === 'again' ? texts.approval.titleAgain(name) : texts.approval.title(name);
  return renderDocument(
    <Layout texts={texts} title={title} host={page.host}>
      <Connection name={name} logo={page.clientLogo} />
      <h1>{title}</h1>
      <p class="soft">{introduction(page.occasion, texts)}</p>
      <dl>
        {page.clientHost === undefined ? undefined : (
          <div>
            <dt>{texts.approval.describedAt}</dt>
            <dd class="host">
              <strong>{page.clientHost}</strong>
            </dd>
          </div>
        )}
        <div>
          <dt>{texts.approval.answersGoTo}</dt>
          <dd class="host">
            <strong>{target.display}</strong>
            <span class="soft">{texts.client[target.kind]}</span>
          </dd>
        </div>
        {page.resource === undefined ? undefined : (
          <div>
            <dt>{texts.approval.accessTo}</dt>
            <dd>{page.resource}</dd>
          </div>
        )}
      </dl>
      <h2 id="scopes">{texts.approval.mayDo}</h2>
      <ul aria-labelledby="scopes">
        {describeScopes(page.scopes, texts).map((scope) => (
          <Scope words={scope} />
        ))}
      </ul>
      <div class="note">
        <p>
          {page.clientHost === undefined
            ? texts.client.unverified(name)
            : texts.client.selfDescribed(page.clientHost, name)}{' '}
          {warning(target, texts)}
        </p>
      </div>
      <ApprovalForm page={page} />
    </Layout>,
  );
}

function ApprovalForm({ page }: { page: ApprovalPage }) {
  const { texts } = page;
  return (
    <form method="post">
      <input type="hidden" name="form_token" value={page.formToken} />
      <p class="soft small">{texts.withdrawn}</p>
      <div class="buttons">
        <button class="primary" type="submit" name="decision" value="approve">
          {texts.approval.approve}
        </button>
        <button type="submit" name="decision" value="deny">
          {texts.approval.deny}
        </button>
      </div>
      {page.signedInAs === undefined ? undefined : (
        <div class="account">
          <span class="soft">
            {texts.approval.signedInAs} <bdi>{page.signedInAs}</bdi>
          </span>
          <button class="link" type="submit" name="decision" value="other-account">
            {texts.approval.otherAccount}
          </button>
        </div>
      )}
    </form>
  );
}

/** Decoration only: the client on one side, the gate on the other. */
function Connection({ name, logo }: { name: string; logo: string | undefined }) {
  const initial = /[\p{L}\p{N}]/u.exec(name)?.[0].toUpperCase() ?? '?';
  return (
    <div class="connection" aria-hidden="true">
      <span class="tile">{logo === undefined ? initial : <img src={logo} alt="" />}</span>
      <span class="path" />
      <span class="tile gate">
        <Gate />
      </span>
    </div>
  );
}

function Scope({ words }: { words: ScopeWords }) {
  return (
    <li>
      <svg
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        stroke-width="2.6"
        stroke-linecap="round"
        stroke-linejoin="round"
        aria-hidden="true"
      >
        <path d="M5 12.5l4.5 4.5L19 7.5" />
      </svg>
      <span>
        <strong>{words.title}</strong> <span class="soft">{words.detail}</span>
      </span>
    </li>
  );
}

function introduction(occasion: ApprovalPage['occasion'], texts: Texts): string {
  if (occasion === 'again') return texts.approval.introductionAgain;
  if (occasion === 'changed') return texts.approval.changedIntroduction;
  return texts.approval.introduction;
}

function warning(target: RedirectTarget, texts: Texts): string {
  if (target.kind === 'loopback') return texts.client.loopbackWarning;
  if (target.kind === 'app') return texts.client.appWarning;
  return texts.client.websiteWarning(target.display);
}
