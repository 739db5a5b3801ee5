import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { sessionLifetime } from './session-lifetime.ts';

/** The provider's session of a browser. */
export type ProviderSession = Awaited<ReturnType<Provider['Session']['get']>>;

/** A request and its answer, whose cookies the session is read from and written to. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** The session that the browser's cookie names, else a new one. */
export async function readSession(provider: Provider, exchange: Exchange): Promise<ProviderSession> {
  return await provider.Session.get(contextOf(provider, exchange));
}

/** Stores the session for another idle time. */
export async function storeSession(session: ProviderSession): Promise<void> {
  await session.save(sessionLifetime(session.loginTs));
}

/** Sends the browser the id of a session that was stored. */
export function sendSession(provider: Provider, exchange: Exchange, session: ProviderSession): void {
  writeCookie(provider, exchange, session.jti, { expires: new Date(session.exp * 1_000) });
}

/** Takes the session id from the browser. */
export function forgetSession(provider: Provider, exchange: Exchange): void {
  writeCookie(provider, exchange, null);
}

function writeCookie(provider: Provider, exchange: Exchange, id: string | null, options?: { expires: Date }): void {
  const { cookies } = contextOf(provider, exchange);
  cookies.set(provider.cookieName('session'), id, {
    signed: true,
    httpOnly: true,
    sameSite: 'lax',
    secure: provider.issuer.startsWith('https:'),
    overwrite: true,
    ...options,
  });
}

function contextOf(provider: Provider, { request, response }: Exchange) {
  const context = provider.createContext(request, response);
  // As the provider does: the entrance speaks for the scheme, not the socket.
  context.cookies.secure = provider.issuer.startsWith('https:');
  return context;
}
