import type { Principal } from '@gatehouse/protocol';

/** A verified token is one object, so its key is made once. */
const keys = new WeakMap<Principal, string>();

/**
 * Tells accounts apart, of any tenant and issuer: what one of them may take is counted under it. Not by
 * OAuth client, for a caller can register as many of those as it likes.
 */
export function accountKey(principal: Principal): string {
  let key = keys.get(principal);
  if (key === undefined) {
    key = JSON.stringify([principal.tenant, principal.issuer, principal.accountId]);
    keys.set(principal, key);
  }
  return key;
}
