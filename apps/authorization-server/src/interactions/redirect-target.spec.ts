import { describe, expect, it } from 'vitest';
import { describeRedirect, rememberedRedirectUri } from './redirect-target.ts';

describe('where an answer goes', () => {
  it.each([
    ['http://127.0.0.1:33418/callback', 'loopback', '127.0.0.1:33418', true],
    ['http://localhost/callback', 'loopback', 'localhost', true],
    ['http://[::1]:8080/', 'loopback', '[::1]:8080', true],
    ['https://chatgpt.com/connector/oauth/x', 'website', 'chatgpt.com', false],
    ['https://LOCALHOST:8443/', 'website', 'localhost:8443', false],
    ['https://аpple.com/', 'website', 'xn--pple-43d.com', false],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'app', 'cursor://anysphere.cursor-mcp', true],
    ['com.example.app:/callback', 'app', 'com.example.app:', true],
  ])('describes %s as %s %s', (uri, kind, display, impersonable) => {
    expect(describeRedirect(uri)).toEqual({ kind, display, impersonable });
  });

  it('forgets the port of a loopback redirect URI and nothing else (RFC 8252 §7.3)', () => {
    expect(rememberedRedirectUri('http://127.0.0.1:33418/callback?x=1')).toBe('http://127.0.0.1/callback?x=1');
    expect(rememberedRedirectUri('https://example.com:8443/cb')).toBe('https://example.com:8443/cb');
    expect(rememberedRedirectUri('cursor://anysphere.cursor-mcp/cb')).toBe('cursor://anysphere.cursor-mcp/cb');
  });
});
