import { displayClientName } from '../../interactions/pages/client-name.ts';
import { Moment } from '../../interactions/pages/moment.tsx';
import { describeScopes } from '../../interactions/pages/scope-words.ts';
import { mostListed } from '../connected-clients.ts';
import type { ConnectedClient } from '../connected-clients.ts';
import { ActionForm } from './action-form.tsx';
import type { AccountPart } from './action-form.tsx';

/** The connected applications, each with what it may do and a way to disconnect it. */
export function ClientsPart({ part, clients }: { part: AccountPart; clients: ConnectedClient[] }) {
  const words = part.texts.account.clients;
  return (
    <section aria-labelledby="clients">
      <h2 id="clients">{words.title}</h2>
      <p class="soft">{clients.length === 0 ? words.none : words.introduction}</p>
      {clients.length > 0 && (
        <ul class="items">
          {clients.slice(0, mostListed).map((client) => (
            <Client part={part} client={client} />
          ))}
        </ul>
      )}
      {clients.length > mostListed && <p class="soft small">{words.more(mostListed)}</p>}
    </section>
  );
}

function Client({ part, client }: { part: AccountPart; client: ConnectedClient }) {
  const { texts } = part;
  const words = texts.account.clients;
  const name = displayClientName(client.name, texts);
  return (
    <li class="item">
      <div>
        <h3>
          <bdi>{name}</bdi>
        </h3>
        {Object.entries(client.scopes).map(([resource, scopes]) => (
          <p class="small">
            {words.mayDo}:{' '}
            {describeScopes(scopes, texts)
              .map(({ title }) => title)
              .join(', ')}
            {resource === '' ? undefined : (
              <span class="soft">
                {' '}
                · {words.on} {resource}
              </span>
            )}
          </p>
        ))}
        <p class="soft small">
          {words.lastUse}: {client.lastUsedAt ? <Moment at={client.lastUsedAt} texts={texts} /> : words.neverUsed} ·{' '}
          {words.since}: <Moment at={client.connectedAt} texts={texts} />
        </p>
      </div>
      <ActionForm part={part}>
        <input type="hidden" name="client_id" value={client.oauthClientId} />
        <button type="submit" name="decision" value="disconnect" aria-label={`${words.disconnect}: ${name}`}>
          {words.disconnect}
        </button>
      </ActionForm>
    </li>
  );
}
