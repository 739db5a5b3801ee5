import type { Principal, RevocationKind, TokenRevocation } from '@gatehouse/protocol';

/** What is kept of one revocation, under the id that it names. */
type Entry = Pick<TokenRevocation, 'expiresAt' | 'issuedBefore'>;

type Entries = Record<RevocationKind, Map<string, Entry>>;

/**
 * The tokens that are revoked and have not expired. It only ever learns more, until what it knows has expired: hearing of a
 * revocation twice, or of an older one after a newer one, changes nothing.
 */
export class RevocationView {
  readonly #tenants = new Map<string, Entries>();

  /** Learns of a revocation. */
  add({ tenant, kind, id, expiresAt, issuedBefore }: TokenRevocation): void {
    let entries = this.#tenants.get(tenant);
    if (!entries) {
      entries = { token: new Map(), grant: new Map(), account: new Map(), client: new Map() };
      this.#tenants.set(tenant, entries);
    }
    const known = entries[kind].get(id);
    const entry: Entry = { expiresAt: Math.max(expiresAt, known?.expiresAt ?? 0) };
    if (issuedBefore !== undefined && (!known || known.issuedBefore !== undefined))
      entry.issuedBefore = Math.max(issuedBefore, known?.issuedBefore ?? 0);
    entries[kind].set(id, entry);
  }

  /** True when the token that proved this principal is revoked, by itself or with its grant, account or client. */
  isRevoked(principal: Principal): boolean {
    // Asked by every request: without a revocation in the last minutes it costs nothing.
    if (this.#tenants.size === 0) return false;
    const entries = this.#tenants.get(principal.tenant);
    if (!entries) return false;
    const { tokenId, grantId, accountId, oauthClientId, issuedAt } = principal;
    return (
      entries.token.has(tokenId) ||
      (grantId !== undefined && entries.grant.has(grantId)) ||
      hits(entries.account.get(accountId), issuedAt) ||
      hits(entries.client.get(oauthClientId), issuedAt)
    );
  }

  /** Forgets what hits no token any more. @param now seconds since the epoch */
  dropExpired(now: number): void {
    for (const [tenant, entries] of this.#tenants) {
      let left = 0;
      for (const ofKind of Object.values(entries)) {
        for (const [id, { expiresAt }] of ofKind) if (expiresAt <= now) ofKind.delete(id);
        left += ofKind.size;
      }
      if (left === 0) this.#tenants.delete(tenant);
    }
  }

  /** How many revocations are known. */
  get size(): number {
    let size = 0;
    for (const entries of this.#tenants.values()) for (const ofKind of Object.values(entries)) size += ofKind.size;
    return size;
  }
}

function hits(entry: Entry | undefined, issuedAt = 0): boolean {
  return entry !== undefined && (entry.issuedBefore === undefined || issuedAt < entry.issuedBefore);
}
