import { loadSettings } from '@gatehouse/runtime';
import { describe, expect, it } from 'vitest';
import { gatewaySettings } from './config.ts';

const required = { GATEHOUSE_STATE_KEYS: Buffer.alloc(32).toString('base64'), NATS_URL: 'nats://127.0.0.1:4222' };

describe('the hierarchy of scopes in the settings', () => {
  it('is a list of which scope includes which', () => {
    const settings = loadSettings(gatewaySettings, {
      ...required,
      GATEWAY_SCOPE_HIERARCHY: '*:write > *:read, a:x > a:y',
    });
    expect(settings.GATEWAY_SCOPE_HIERARCHY).toEqual(['*:write > *:read', 'a:x > a:y']);
  });

  it.each(['files:write', 'files:write files:read', 'mcp > *:read'])('stops the start when it holds %j', (entry) => {
    expect(() => loadSettings(gatewaySettings, { ...required, GATEWAY_SCOPE_HIERARCHY: entry })).toThrow(
      /GATEWAY_SCOPE_HIERARCHY: must be entries like/,
    );
  });
});
