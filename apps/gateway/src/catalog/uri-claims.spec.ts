import { describe, expect, it } from 'vitest';
import { UriClaims } from './uri-claims.ts';

type UriClaim = Parameters<UriClaims<string>['add']>[0];

const prefix = (text: string): UriClaim => ({ text, exact: false });
const one = (text: string): UriClaim => ({ text, exact: true });

function claimed(...claims: UriClaim[]): UriClaims<string> {
  const set = new UriClaims<string>();
  for (const claim of claims) set.add(claim, claim.text);
  return set;
}

describe('claims of URIs', () => {
  it.each<[string, UriClaim, UriClaim]>([
    ['the same prefix', prefix('a://'), prefix('a://')],
    ['a longer prefix', prefix('a://'), prefix('a://b/')],
    ['a shorter prefix', prefix('a://b/'), prefix('a://')],
    ['a resource under a prefix', prefix('ui://'), one('ui://app')],
    ['a prefix of a resource', one('ui://app'), prefix('ui://')],
    ['the same resource', one('a://b'), one('a://b')],
    ['a prefix that equals a resource', one('a://b'), prefix('a://b')],
  ])('overlap: %s', (_, first, later) => {
    expect(claimed(prefix('0://'), first, prefix('z://')).findOverlap(later)).toBe(first.text);
  });

  it.each<[string, UriClaim, UriClaim]>([
    ['another scheme', prefix('a://'), prefix('b://')],
    ['a resource whose text another begins with', one('a://b'), one('a://bc')],
    ['a resource that begins another', one('a://bc'), one('a://b')],
    ['siblings', prefix('a://b/'), prefix('a://c/')],
    ['a resource beside a prefix', prefix('a://b/'), one('a://b')],
  ])('do not overlap: %s', (_, first, later) => {
    expect(claimed(prefix('0://'), first, prefix('z://')).findOverlap(later)).toBeUndefined();
  });

  it('find the owner of a URI among thousands', () => {
    const many = Array.from({ length: 5_000 }, (_, n) => prefix(`s${n}:`));
    expect(claimed(...many).ownerOf('s4321:/x')).toBe('s4321:');
    expect(claimed(...many).ownerOf('t4321:/x')).toBeUndefined();
  });
});
