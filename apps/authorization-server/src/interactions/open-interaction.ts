import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors } from 'oidc-provider';
import type { Provider } from 'oidc-provider';

/** A step of a login that waits for a person. */
export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** What the URL of an interaction leads to in the browser that asks. */
export type OpenedInteraction =
  | { kind: 'open'; interaction: Interaction }
  | { kind: 'expired' }
  /** It exists, but this browser did not start it. */
  | { kind: 'other-browser' };

/** Finds the interaction of this URL by the signed cookie that its browser got when the interaction began. */
export async function openInteraction(
  provider: Provider,
  uid: string,
  http: { request: IncomingMessage; response: ServerResponse },
): Promise<OpenedInteraction> {
  const interaction = await interactionOfCookie(provider, http);
  if (interaction?.uid === uid) return { kind: 'open', interaction };
  // The cookie ends with its interaction: without a cookie either the time is up, or this is not the browser.
  const existing = await provider.Interaction.find(uid);
  return { kind: existing ? 'other-browser' : 'expired' };
}

async function interactionOfCookie(
  provider: Provider,
  http: { request: IncomingMessage; response: ServerResponse },
): Promise<Interaction | undefined> {
  try {
    return await provider.interactionDetails(http.request, http.response);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}
