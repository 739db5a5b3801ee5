import { describe, expect, it } from 'vitest';
import { outboundFetches } from './outbound-fetches.ts';

const fetchesOf = (clients: string[], identityProviders: string[]) =>
  outboundFetches({ AUTH_OUTBOUND_EXCEPTIONS: clients, AUTH_IDENTITY_PROVIDER_EXCEPTIONS: identityProviders });

/** Nobody listens there: an address that may be connected to is unreachable, another one is refused. */
const reasonOf = async (fetching: Promise<unknown>) =>
  (await fetching.catch((error: unknown) => error)) as { reason?: string };

describe('the exceptions', () => {
  it('for clients open nothing to identity providers, nor the reverse', async () => {
    const { ofClients, ofIdentityProviders } = fetchesOf(['127.0.0.1:1025 127.0.0.1'], ['127.0.0.2:1025 127.0.0.2']);
    const limits = { maxBytes: 10 };
    const [client, provider] = ['https://127.0.0.1:1025/', 'https://127.0.0.2:1025/'];
    expect(await reasonOf(ofClients.getJson(client, limits))).toMatchObject({ reason: 'unreachable' });
    expect(await reasonOf(ofIdentityProviders.getJson(client, limits))).toMatchObject({ reason: 'host_name' });
    expect(await reasonOf(ofIdentityProviders.getJson(provider, limits))).toMatchObject({ reason: 'unreachable' });
    expect(await reasonOf(ofClients.getJson(provider, limits))).toMatchObject({ reason: 'host_name' });
  });

  it('that are not understood are named with their setting', () => {
    expect(() => fetchesOf(['a'], [])).toThrow('AUTH_OUTBOUND_EXCEPTIONS holds "a"');
    expect(() => fetchesOf([], ['b'])).toThrow('AUTH_IDENTITY_PROVIDER_EXCEPTIONS holds "b"');
  });

  it('are none by default', async () => {
    const { ofClients } = fetchesOf([], []);
    expect(await reasonOf(ofClients.getJson('https://127.0.0.1:1025/', { maxBytes: 1 }))).toMatchObject({
      reason: 'host_name',
    });
  });
});
