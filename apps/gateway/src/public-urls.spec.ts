import { loadSettings } from '@gatehouse/runtime';
import { describe, expect, it } from 'vitest';
import { gatewaySettings } from './config.ts';
import { PublicUrls } from './public-urls.ts';

const required = { GATEHOUSE_STATE_KEYS: Buffer.alloc(32).toString('base64') };
const urlsOf = (publicUrl?: string) =>
  new PublicUrls(
    loadSettings(gatewaySettings, publicUrl === undefined ? required : { ...required, GATEWAY_PUBLIC_URL: publicUrl }),
  );
const aggregate = { kind: 'aggregate' } as const;
const files = { kind: 'server', server: 'files' } as const;

describe('the URLs of the gateway', () => {
  it.each<[string | undefined, string, string]>([
    [undefined, 'http://localhost:3000/mcp', 'http://localhost:3000/.well-known/oauth-protected-resource/mcp'],
    ['https://mcp.example', 'https://mcp.example/mcp', 'https://mcp.example/.well-known/oauth-protected-resource/mcp'],
    [
      'https://MCP.example:443/',
      'https://mcp.example/mcp',
      'https://mcp.example/.well-known/oauth-protected-resource/mcp',
    ],
    [
      'https://x.example/gh',
      'https://x.example/gh/mcp',
      'https://x.example/.well-known/oauth-protected-resource/gh/mcp',
    ],
  ])('under %s name %s and its metadata (RFC 9728 §3.1)', (publicUrl, resource, metadata) => {
    const urls = urlsOf(publicUrl);
    expect(urls.resourceOf(aggregate)).toBe(resource);
    expect(urls.resourceOf(files)).toBe(`${resource}/files`);
    expect(urls.metadataUrlOf(aggregate)).toBe(metadata);
    expect(urls.metadataUrlOf(files)).toBe(`${metadata}/files`);
  });

  it.each<[string, object]>([
    ['/mcp', { kind: 'mcp', endpoint: aggregate }],
    ['/mcp/', { kind: 'mcp', endpoint: aggregate }],
    ['/mcp/files', { kind: 'mcp', endpoint: files }],
    ['/mcp/files/', { kind: 'mcp', endpoint: files }],
    ['/mcp/No_Server', { kind: 'mcp', endpoint: { kind: 'server', server: 'No_Server' } }],
    ['/.well-known/oauth-protected-resource', { kind: 'metadata', endpoint: aggregate }],
    ['/.well-known/oauth-protected-resource/mcp/files', { kind: 'metadata', endpoint: files }],
    ['/', { kind: 'unknown' }],
    ['', { kind: 'unknown' }],
    ['/mcpx', { kind: 'unknown' }],
    ['/MCP', { kind: 'unknown' }],
    ['/mcp//', { kind: 'unknown' }],
    ['/mcp/a/b', { kind: 'unknown' }],
    ['/mcp/%2e%2e', { kind: 'unknown' }],
    ['/.well-known/oauth-protected-resource/other', { kind: 'unknown' }],
  ])('read the path %j', (path, target) => {
    expect(urlsOf().targetOf(path)).toEqual(target);
  });

  it('read paths below the path of the public URL', () => {
    const urls = urlsOf('https://x.example/gh');
    expect(urls.targetOf('/gh/mcp/files')).toEqual({ kind: 'mcp', endpoint: files });
    expect(urls.targetOf('/.well-known/oauth-protected-resource/gh/mcp')).toEqual({
      kind: 'metadata',
      endpoint: aggregate,
    });
    expect(urls.targetOf('/mcp')).toEqual({ kind: 'unknown' });
  });
});
