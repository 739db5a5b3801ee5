import { describe, expect, it } from 'vitest';
import type { NatsConnection } from '@gatehouse/messaging';
import type { Principal } from '@gatehouse/protocol';
import { createLogger, loadSettings } from '@gatehouse/runtime';
import { gatewaySettings } from '../config.ts';
import type { HttpRefusal } from '../http-refusal.ts';
import { PublicUrls } from '../public-urls.ts';
import { insufficientScope, unauthorized } from './challenge.ts';
import { ScopeChallenges } from './scope-challenges.ts';
import { StepUpRequests } from './step-up-requests.ts';

const metadataUrl = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';
const many = (server: string) =>
  Array.from({ length: 200 }, (_, index) => `${server}:${String(index).padStart(90 - server.length - 1, 'x')}`);
const headerOf = ({ headers }: HttpRefusal) => headers['www-authenticate'] ?? '';
const scopesOf = (refusal: HttpRefusal) => /scope="([^"]*)"/.exec(headerOf(refusal))?.[1]?.split(' ') ?? [];

describe('a challenge', () => {
  it('stays below 4 KiB, however many scopes an endpoint has: it names the first ones, whole', () => {
    const scopes = ['mcp', ...many('shop')];
    const refusal = unauthorized({ error: 'invalid_token', description: 'Not valid here', scopes, metadataUrl });
    expect(headerOf(refusal).length).toBeLessThan(4_096);
    expect(headerOf(refusal)).toContain(`resource_metadata="${metadataUrl}"`);
    expect(scopesOf(refusal).length).toBeGreaterThan(30);
    expect(scopesOf(refusal)).toEqual(scopes.slice(0, scopesOf(refusal).length));
  });

  it('names every scope that one call can need', () => {
    const scopes = ['mcp', ...Array.from({ length: 16 }, (_, index) => String(index).padStart(128, 's'))];
    expect(scopesOf(insufficientScope(scopes, metadataUrl))).toEqual(scopes);
  });

  /** The scopes that an older client with this token is told of. */
  const namedTo = async (principal: Partial<Principal>, needed: string[]) => {
    const settings = loadSettings(gatewaySettings, {
      GATEHOUSE_STATE_KEYS: Buffer.alloc(32).toString('base64'),
      NATS_URL: 'nats://127.0.0.1',
    });
    const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
    // A token without a grant reports nothing.
    const challenges = new ScopeChallenges(
      new PublicUrls(settings),
      new StepUpRequests({} as unknown as NatsConnection, logger),
    );
    const request = {
      principal: principal as Principal,
      endpoint: { kind: 'aggregate' },
      version: '2025-11-25',
    } as const;
    return scopesOf(await challenges.refusalOf(request, needed));
  };

  it('names what a call needs before what an older client has already', async () => {
    const held = ['mcp', ...many('shop')];
    const named = await namedTo({ scopes: held }, ['mcp', 'shop:refund']);
    expect(named).toEqual([...held.slice(0, named.length - 1), 'shop:refund']);
    expect(named.length).toBeGreaterThan(30);
    expect(named.join(' ').length).toBeLessThan(3_500);
  });

  it('names what an older client has in part, for it would lose that', async () => {
    const principal = { scopes: ['mcp'], partialScopes: { 'files:write': ['erase'] } };
    expect(await namedTo(principal, ['mcp', 'files:read'])).toEqual(['mcp', 'files:write', 'files:read']);
  });
});
