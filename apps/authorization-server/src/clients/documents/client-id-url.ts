import { isStorableId } from '../../storage/stored-id.ts';

/** True for a client id that says it is a URL; whether it may be one, `refuseClientIdUrl` says. */
export function isClientIdUrl(oauthClientId: string): boolean {
  return /^https:/i.test(oauthClientId);
}

/**
 * Says why a client id is no URL that a metadata document may stand at; undefined when it is (Client ID Metadata Document
 * §3). It must be spelt as the URL parser spells it: host in lower case, no dot segments, no port 443, no number for an
 * address, so that one document has one id and the id shows where it leads.
 */
export function refuseClientIdUrl(oauthClientId: string): string | undefined {
  if (!isStorableId(oauthClientId)) return 'must be of at most 256 visible ASCII characters';
  if (!URL.canParse(oauthClientId)) return 'must be a URL';
  const { href, protocol, username, password, pathname } = new URL(oauthClientId);
  if (protocol !== 'https:') return 'must use https';
  if (username !== '' || password !== '') return 'must not name a user';
  if (oauthClientId.includes('#')) return 'must not have a fragment';
  if (pathname === '/') return 'must have a path';
  if (href !== oauthClientId) return 'must be in its normal form';
  return undefined;
}

/** Host of the metadata document of a client, for people; undefined for a client without one. */
export function documentHost(oauthClientId: string): string | undefined {
  const hasDocument = isClientIdUrl(oauthClientId) && refuseClientIdUrl(oauthClientId) === undefined;
  return hasDocument ? new URL(oauthClientId).host : undefined;
}
