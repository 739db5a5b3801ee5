import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startDocumentHost, startEgressProxy, startListener } from '../../../test/support/document-host.ts';
import type { CountedPort, DocumentHost } from '../../../test/support/document-host.ts';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { readOutboundExceptions } from '../src/clients/outbound/outbound-exceptions.ts';
import { OutboundFetch } from '../src/clients/outbound/outbound-fetch.ts';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { callback, McpClient } from '../../../test/support/authorization/mcp-client.ts';
import { begin, isApprovalPage } from '../../../test/support/authorization/pages.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';
import { specialIpv4Addresses, specialIpv6Addresses, spellingsOf } from './special-addresses.ts';

const resolver = vi.hoisted(() => ({
  /** Answers of the name server, one after the other; the last one stays. */
  answers: new Map<string, string[][]>(),
  asked: new Map<string, number>(),
}));

vi.mock('node:dns/promises', () => ({
  Resolver: class {
    #answer(host: string): string[] {
      const asked = resolver.asked.get(host) ?? 0;
      resolver.asked.set(host, asked + 1);
      const answers = resolver.answers.get(host) ?? [];
      // The addresses of both families are asked for each time.
      return answers[Math.min(Math.floor(asked / 2), answers.length - 1)] ?? [];
    }
    resolve4 = async (host: string) => this.#answer(host).filter((address) => !address.includes(':'));
    resolve6 = async (host: string) => this.#answer(host).filter((address) => address.includes(':'));
    cancel() {}
  },
}));

vi.setConfig({ testTimeout: 120_000 });

/** Hosts as they stand in a client id: addresses in every spelling. */
const literals = [
  ...specialIpv4Addresses.flatMap((address) => spellingsOf(address)),
  ...specialIpv6Addresses.map((address) => `[${address}]`),
];
const innerNames = [
  'localhost',
  'a.localhost',
  'localhost.',
  'LOCALHOST',
  'postgres',
  'vault.internal',
  'printer.local',
];
const answered = [...specialIpv4Addresses, ...specialIpv6Addresses];

describe('a fetch that a stranger asks for, with one host on the exception list', () => {
  let replicas: Replicas;
  let host: DocumentHost;
  /** On every IPv4 address of this machine, and on its IPv6 loopback, at one port. */
  let everywhere: CountedPort;
  let loopback6: CountedPort;
  /** On another address than the document host, at its port. */
  let beside: CountedPort;

  beforeAll(async () => {
    host = await startDocumentHost(['agents.example']);
    everywhere = await startListener('0.0.0.0');
    loopback6 = await startListener('::1', everywhere.port);
    beside = await startListener('127.0.0.2', host.port);
    replicas = await startReplicas(2, {
      AUTH_OUTBOUND_EXCEPTIONS: `agents.example:${host.port} 127.0.0.1/32 ${host.caFile}`,
      AUTH_DOCUMENT_FETCHES_PER_MINUTE: '100000',
    });
  });
  afterAll(async () => {
    await replicas.stop();
    await Promise.all([host.stop(), everywhere.stop(), loopback6.stop(), beside.stop()]);
  });

  const ask = async (oauthClientId: string) => {
    const url = new URL(McpClient.of(replicas, oauthClientId).authorizationUrl());
    return await replicas.send(`${url.pathname}${url.search}`);
  };
  /** What a fetch of this document led to. */
  const outcomeOf = async (oauthClientId: string) => {
    const before = host.connections();
    const { status, text } = await ask(oauthClientId);
    const others = [everywhere, loopback6, beside].reduce((sum, port) => sum + port.connections(), 0);
    const connections = host.connections() - before + others;
    return { oauthClientId, status, isInvalidClient: text.includes('<code>invalid_client</code>'), connections };
  };
  const refused = (oauthClientId: string) => ({ oauthClientId, status: 400, isInvalidClient: true, connections: 0 });

  it('has at least 300 addresses to be refused here', () => {
    expect(new Set([...literals, ...innerNames, ...answered]).size).toBeGreaterThanOrEqual(300);
  });

  it('makes no connection to an address in any spelling, or to a name of this machine or an inner network', async () => {
    for (const literal of [...literals, ...innerNames]) {
      const url = `https://${literal}:${everywhere.port}/client.json`;
      expect(await outcomeOf(url)).toEqual(refused(url));
    }
  });

  it('makes no connection to a name that has a special-use address, alone or beside a public one', async () => {
    for (const [index, address] of answered.entries()) {
      resolver.answers.set(`n${index}.attacker.example`, [[address]]);
      const alone = `https://n${index}.attacker.example:${everywhere.port}/client.json`;
      expect(await outcomeOf(alone)).toEqual(refused(alone));
      resolver.answers.set(`m${index}.attacker.example`, [['93.184.215.14', '2606:2800:21f:cb07::1', address]]);
      const beside = `https://m${index}.attacker.example:${everywhere.port}/client.json`;
      expect(await outcomeOf(beside)).toEqual(refused(beside));
    }
  });

  it('connects to the listed pair of host and network', async () => {
    resolver.answers.set('agents.example', [['127.0.0.1']]);
    const oauthClientId = `https://agents.example:${host.port}/client.json`;
    host.serve('/client.json', {
      client_id: oauthClientId,
      client_name: 'Agent',
      redirect_uris: ['http://127.0.0.1:33418/callback'],
    });
    expect((await ask(oauthClientId)).status).toBe(303);
    expect(host.connections()).toBe(1);
  });

  it.each([
    ['another host in the listed network', 'other.example', ['127.0.0.1'], 'document'],
    ['the listed host at another port', 'agents.example', ['127.0.0.1'], 'listener'],
    ['the listed host in another network', 'agents.example', ['127.0.0.2'], 'document'],
    ['the listed host at the mapped form of its address', 'agents.example', ['::ffff:127.0.0.1'], 'document'],
    ['the listed host with an address besides', 'agents.example', ['127.0.0.1', '127.0.0.2'], 'document'],
    ['a name below the listed host', 'a.agents.example', ['127.0.0.1'], 'document'],
    ['the listed host with a dot at its end', 'agents.example.', ['127.0.0.1'], 'document'],
  ])('makes no connection to %s', async (_what, name, addresses, port) => {
    resolver.answers.set(name, [addresses]);
    const at = port === 'document' ? host.port : everywhere.port;
    const url = `https://${name}:${at}/${addresses.length}${encodeURIComponent(name)}${addresses[0]}`;
    expect(await outcomeOf(url)).toEqual(refused(url));
  });

  it.each([1, 22, 25, 80, 1_023])('makes no connection to port %i, where another service is at home', async (port) => {
    resolver.answers.set('public.example', [['93.184.215.14']]);
    const startedAt = performance.now();
    const url = `https://public.example:${port}/client.json`;
    expect(await outcomeOf(url)).toEqual(refused(url));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('makes no connection for the keys of a client, wherever its document says they are', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    resolver.answers.set('agents.example', [['127.0.0.1']]);
    resolver.answers.set('keys.attacker.example', [['127.0.0.1']]);
    const keyHosts = ['keys.attacker.example', ...spellingsOf('127.0.0.1'), '[::1]', ...innerNames];
    for (const [index, keyHost] of keyHosts.entries()) {
      const oauthClientId = `https://agents.example:${host.port}/keys-${index}.json`;
      host.serve(`/keys-${index}.json`, {
        client_id: oauthClientId,
        client_name: 'Agent',
        redirect_uris: ['http://127.0.0.1:33418/callback'],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: `https://${keyHost}:${everywhere.port}/keys`,
      });
      const assertion = await new SignJWT({ jti: `${index}` })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(oauthClientId)
        .setSubject(oauthClientId)
        .setAudience(replicas.issuer)
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(privateKey);
      const answer = await McpClient.of(replicas, oauthClientId).postForm('/token', {
        grant_type: 'refresh_token',
        refresh_token: 'none that exists',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      });
      expect([keyHost, answer.status, jsonOf(answer)]).toEqual([
        keyHost,
        401,
        expect.objectContaining({ error: 'invalid_client' }),
      ]);
    }
    expect([everywhere.connections(), loopback6.connections()]).toEqual([0, 0]);
  });

  it('makes no connection to what a redirect names', async () => {
    resolver.answers.set('agents.example', [['127.0.0.1']]);
    const statuses = [301, 302, 303, 307, 308];
    for (const [index, address] of answered.entries()) {
      const place = address.includes(':') ? `[${address}]` : address;
      host.answers.set(`/redirect-${index}`, (_request, response) => {
        const location = `https://${place}:${everywhere.port}/`;
        response.writeHead(statuses[index % statuses.length] ?? 302, { location }).end();
      });
      const url = `https://agents.example:${host.port}/redirect-${index}`;
      // The one connection is to the listed pair.
      expect(await outcomeOf(url)).toEqual({ ...refused(url), connections: 1 });
    }
  });

  it('makes no connection for the logo of a client, wherever its document says it is', async () => {
    resolver.answers.set('agents.example', [['127.0.0.1']]);
    resolver.answers.set('logos.attacker.example', [['127.0.0.1']]);
    const logoHosts = ['logos.attacker.example', ...spellingsOf('127.0.0.1'), '[::1]', ...innerNames];
    for (const [index, logoHost] of logoHosts.entries()) {
      const oauthClientId = `https://agents.example:${host.port}/logo-${index}.json`;
      host.serve(`/logo-${index}.json`, {
        client_id: oauthClientId,
        client_name: 'Agent',
        redirect_uris: [callback],
        logo_uri: `https://${logoHost}:${everywhere.port}/logo.png`,
      });
      const page = await begin(new Browser(replicas), McpClient.of(replicas, oauthClientId));
      expect([logoHost, isApprovalPage(page), page.body.includes('<img')]).toEqual([logoHost, true, false]);
    }
    expect([everywhere.connections(), loopback6.connections()]).toEqual([0, 0]);
  });
});

describe('a name whose addresses change between the check and the connection', () => {
  it('is asked for once, and connected to at the address that was checked', async () => {
    const checked = await startListener('127.0.0.2');
    const later = await startListener('127.0.0.1', checked.port);
    const listed = `rebind.example:${checked.port} 127.0.0.2/32`;
    const outbound = new OutboundFetch({ exceptions: readOutboundExceptions([listed], 'SETTING') });
    for (const [index, address] of answered.entries()) {
      resolver.asked.clear();
      resolver.answers.set('rebind.example', [['127.0.0.2'], [address === '127.0.0.2' ? '127.0.0.1' : address]]);
      const fetching = outbound.getJson(`https://rebind.example:${checked.port}/`, { maxBytes: 1 });
      await expect(fetching).rejects.toMatchObject({ reason: 'unreachable' });
      // Once for each family.
      expect([address, resolver.asked.get('rebind.example')]).toEqual([address, 2]);
      expect([address, checked.connections(), later.connections()]).toEqual([address, index + 1, 0]);
    }
    await Promise.all([checked.stop(), later.stop()]);
  });
});

describe('a fetch that a stranger asks for, behind an egress proxy', () => {
  it('connects to the proxy alone, and asks it for no address and no inner name', async () => {
    const everywhere = await startListener('0.0.0.0');
    const proxy = await startEgressProxy({ port: everywhere.port });
    const outbound = new OutboundFetch({ exceptions: [], proxy: `http://127.0.0.1:${proxy.port}` });
    resolver.asked.clear();
    for (const name of [...literals, ...innerNames]) {
      const refusal = await outbound.getJson(`https://${name}/`, { maxBytes: 1 }).catch((error: unknown) => error);
      expect([name, refusal]).toEqual([name, expect.objectContaining({ reason: 'host_name' })]);
    }
    expect([proxy.connections(), everywhere.connections()]).toEqual([0, 0]);
    const fetching = outbound.getJson('https://public.example/', { maxBytes: 1 });
    await expect(fetching).rejects.toMatchObject({ reason: 'unreachable' });
    expect(proxy.authorities).toEqual(['public.example:443']);
    expect([proxy.connections(), resolver.asked.size]).toEqual([1, 0]);
    await Promise.all([proxy.stop(), everywhere.stop()]);
  });
});
