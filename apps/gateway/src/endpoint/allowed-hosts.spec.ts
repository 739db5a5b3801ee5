import { loadSettings } from '@gatehouse/runtime';
import { describe, expect, it } from 'vitest';
import { gatewaySettings } from '../config.ts';
import { AllowedHosts } from './allowed-hosts.ts';

const required = { GATEHOUSE_STATE_KEYS: Buffer.alloc(32).toString('base64') };
const hostsOf = (settings: Record<string, string>) =>
  new AllowedHosts(loadSettings(gatewaySettings, { ...required, ...settings }));
const deployed = hostsOf({
  HOST: '0.0.0.0',
  GATEWAY_PUBLIC_URL: 'https://mcp.example',
  GATEWAY_ALLOWED_HOSTS: 'Console.example, inside.example:8443',
});
const local = hostsOf({ GATEWAY_PUBLIC_URL: 'https://mcp.example' });

describe('allowed hosts', () => {
  it.each<[string, boolean]>([
    ['mcp.example', true],
    ['MCP.example', true],
    ['mcp.example:443', true],
    ['mcp.example:444', false],
    ['console.example', true],
    ['console.example:9000', true],
    ['inside.example:8443', true],
    ['inside.example', false],
    ['inside.example:1', false],
    ['localhost', false],
    ['127.0.0.1:3000', false],
    ['mcp.example.evil', false],
    ['evil.mcp.example', false],
    ['', false],
  ])('of a deployment: %j is %s', (host, allowed) => {
    expect(deployed.allowsHost(host)).toBe(allowed);
    expect(deployed.allowsOrigin(`https://${host}`)).toBe(allowed);
  });

  it.each<[string, boolean]>([
    ['mcp.example', true],
    ['localhost:1', true],
    ['[::1]:3000', true],
    ['localhost.evil', false],
    ['127.0.0.1.evil', false],
    ['127.0.0.2', false],
  ])('of a process on loopback: %j is %s', (host, allowed) => {
    expect(local.allowsHost(host)).toBe(allowed);
  });

  it.each([
    ['null'],
    ['https://mcp.example/path'],
    ['ftp://mcp.example'],
    ['mcp.example'],
    ['https://user@mcp.example'],
  ])('the Origin %j is foreign', (origin) => {
    expect(deployed.allowsOrigin(origin)).toBe(false);
  });
});
