import type { Principal, TokenRevocation } from '@gatehouse/protocol';
import { describe, expect, it } from 'vitest';
import { RevocationView } from './revocation-view.ts';

const principal: Principal = {
  tenant: 'acme',
  issuer: 'https://login.example',
  accountId: 'ada',
  oauthClientId: 'editor',
  scopes: ['mcp'],
  roles: [],
  grantId: 'g1',
  tokenId: 't1',
  issuedAt: 1_000,
  expiresAt: 1_300,
};

const revoked = (more: Partial<TokenRevocation>): TokenRevocation => ({
  tenant: 'acme',
  kind: 'grant',
  id: 'g1',
  expiresAt: 1_360,
  ...more,
});

function viewOf(...revocations: Partial<TokenRevocation>[]): RevocationView {
  const view = new RevocationView();
  for (const revocation of revocations) view.add(revoked(revocation));
  return view;
}

describe('the view of revocations', () => {
  it.each<[string, Partial<TokenRevocation>]>([
    ['the token', { kind: 'token', id: 't1' }],
    ['the grant', {}],
    ['the account', { kind: 'account', id: 'ada' }],
    ['the account, for tokens of before', { kind: 'account', id: 'ada', issuedBefore: 1_001 }],
    ['the client', { kind: 'client', id: 'editor' }],
  ])('hits a token by %s', (_what, revocation) => {
    expect(viewOf(revocation).isRevoked(principal)).toBe(true);
  });

  it.each<[string, Partial<TokenRevocation>]>([
    ['another token', { kind: 'token', id: 't2' }],
    ['another grant', { id: 'g2' }],
    ['the same grant id in another tenant', { tenant: 'other' }],
    ['a token that is called like the grant', { kind: 'token' }],
    ['tokens of the account that were issued before', { kind: 'account', id: 'ada', issuedBefore: 1_000 }],
    ['another client', { kind: 'client', id: 'browser' }],
  ])('lets a token pass when %s is revoked', (_what, revocation) => {
    expect(viewOf(revocation).isRevoked(principal)).toBe(false);
  });

  it('hits a token without time of issue by every revocation of its account', () => {
    const { issuedAt: _, ...undated } = principal;
    expect(viewOf({ kind: 'account', id: 'ada', issuedBefore: 1 }).isRevoked(undated)).toBe(true);
  });

  it('keeps the wider of two revocations, in whatever order it hears of them', () => {
    const account = { kind: 'account', id: 'ada' } as const;
    const older = { ...account, issuedBefore: 900, expiresAt: 1_200 };
    const newer = { ...account, issuedBefore: 1_100, expiresAt: 1_400 };
    for (const both of [
      [older, newer],
      [newer, older],
    ]) {
      const view = viewOf(...both);
      view.dropExpired(1_399);
      expect(view.isRevoked(principal)).toBe(true);
    }
    const whole = viewOf({ ...account, expiresAt: 1_500 }, older);
    expect(whole.isRevoked(principal)).toBe(true);
  });

  it('forgets a revocation when the last token that it hits has expired, and not before', () => {
    const view = viewOf({ expiresAt: 1_360 }, { kind: 'token', id: 't9', tenant: 'other', expiresAt: 1_330 });
    view.dropExpired(1_359);
    expect([view.size, view.isRevoked(principal)]).toEqual([1, true]);
    view.dropExpired(1_360);
    expect([view.size, view.isRevoked(principal)]).toEqual([0, false]);
  });
});
