import { Moment } from '../../interactions/pages/moment.tsx';
import type { SignedInBrowser } from '../../sessions/browser-sessions.ts';
import { describeBrowser } from '../describe-browser.ts';
import { ActionForm } from './action-form.tsx';
import type { AccountPart } from './action-form.tsx';

/** The browsers that are signed in, this one first. */
export function SessionsPart(props: { part: AccountPart; sessions: SignedInBrowser[]; present: string }) {
  const { part, present } = props;
  const words = part.texts.account.sessions;
  const isOther = ({ uid }: SignedInBrowser) => uid !== present;
  const sessions = props.sessions.toSorted((one, other) => Number(isOther(one)) - Number(isOther(other)));
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions">{words.title}</h2>
      <p class="soft">{words.introduction}</p>
      <ul class="items">
        {sessions.map((session) => (
          <Session part={part} session={session} isPresent={!isOther(session)} />
        ))}
      </ul>
      <ActionForm part={part} class="aside">
        <span class="soft small">{words.everywhereHint}</span>
        <button type="submit" name="decision" value="sign-out-everywhere">
          {words.everywhere}
        </button>
      </ActionForm>
    </section>
  );
}

function Session(props: { part: AccountPart; session: SignedInBrowser; isPresent: boolean }) {
  const { part, session, isPresent } = props;
  const { texts } = part;
  const words = texts.account.sessions;
  const name = describeBrowser(session.userAgent, texts);
  return (
    <li class="item">
      <div>
        <h3>
          {name} {isPresent && <span class="badge">{words.here}</span>}
        </h3>
        <p class="soft small">
          {words.lastUse}: <Moment at={session.lastUsedAt} texts={texts} /> · {words.since}:{' '}
          <Moment at={session.signedInAt} texts={texts} />
          {session.address === undefined ? undefined : ` · ${words.address} ${session.address}`}
        </p>
      </div>
      {!isPresent && (
        <ActionForm part={part}>
          <input type="hidden" name="session" value={session.uid} />
          <button type="submit" name="decision" value="end-session" aria-label={`${words.signOut}: ${name}`}>
            {words.signOut}
          </button>
        </ActionForm>
      )}
    </li>
  );
}
