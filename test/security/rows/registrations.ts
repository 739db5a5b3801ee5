import { describe, expect, it } from 'vitest';
import { Browser } from '../../support/authorization/browser.ts';
import { jsonOf } from '../../support/authorization/http.ts';
import { callback, McpClient, registerClient } from '../../support/authorization/mcp-client.ts';
import { begin } from '../../support/authorization/pages.ts';
import { startListener } from '../../support/document-host.ts';
import { atEachAuthorizationServer, stack } from '../stack/running-stack.ts';
import { registrationsPerMinute } from '../stack/start-stack.ts';

describe('a registration', () => {
  it.each([
    'javascript:alert(1)',
    'data:text/html,hello',
    'file:///etc/passwd',
    'https://app.example/callback#fragment',
    'https://app.example/callback#',
    'https://user@app.example/callback',
    'http://user:password@127.0.0.1/callback',
    'http://app.example/callback',
    'http://127.0.0.1.evil.example/callback',
    'ftp://app.example/callback',
    'intent://scan/#Intent;scheme=zxing;end',
    'chrome-extension://abcdef/callback',
    'com.example.app:/callback',
    'cursor://evil/oauth/callback',
    'https:/\\evil.example',
    '//app.example/callback',
  ])('of the redirect URI %s is refused with invalid_redirect_uri (RFC 7591 §3.2.2)', async (uri) => {
    await atEachAuthorizationServer(async (replica) => {
      const answer = await registerClient(replica, { redirect_uris: [callback, uri] });
      expect([answer.status, jsonOf(answer)]).toMatchObject([400, { error: 'invalid_redirect_uri' }]);
    });
  });

  it.each([
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'implicit',
    'password',
  ])('that asks for the grant %s is refused', async (grant) => {
    await atEachAuthorizationServer(async (replica) => {
      for (const grants of [[grant], ['authorization_code', grant]]) {
        const answer = await registerClient(replica, { redirect_uris: [callback], grant_types: grants });
        expect([answer.status, jsonOf(answer)]).toMatchObject([400, { error: 'invalid_client_metadata' }]);
      }
    });
  });

  it('never lets its client use a grant that it was not given', async () => {
    const { client } = stack();
    for (const grant of ['client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'password']) {
      const form = { grant_type: grant, client_id: client.oauthClientId, assertion: 'a', username: 'a', password: 'b' };
      const answer = await client.postForm('/token', form);
      expect([answer.status, jsonOf(answer)]).toMatchObject([400, { error: 'unsupported_grant_type' }]);
    }
  });

  it('whose name is HTML is shown as text', async () => {
    const client = await stack().register({ client_name: `<script>alert(1)</script><img src=x onerror="a()">'&` });
    await atEachAuthorizationServer(async (replica) => {
      const { body } = await begin(new Browser(replica), client);
      expect(body).toContain(
        '&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&quot;a()&quot;&gt;&#39;&amp;',
      );
      expect(body).not.toMatch(/<script|<img/);
    });
  });

  it('that names keys or a logo at an inner address makes nobody connect to it', async () => {
    const inner = await startListener('127.0.0.1');
    try {
      for (const scheme of ['http', 'https']) {
        const url = `${scheme}://127.0.0.1:${inner.port}/x`;
        for (const metadata of [
          { logo_uri: url },
          { jwks_uri: url },
          { jwks_uri: url, token_endpoint_auth_method: 'private_key_jwt' },
          { sector_identifier_uri: url },
        ]) {
          const answer = await registerClient(stack(), { redirect_uris: [callback], ...metadata });
          // It is refused, or becomes a client that has none of it.
          expect([201, 400]).toContain(answer.status);
          expect(answer.text).not.toContain(url);
          if (answer.status === 400) continue;
          const { client_id: oauthClientId } = jsonOf(answer) as { client_id: string };
          const client = McpClient.of(stack(), oauthClientId);
          expect((await begin(new Browser(stack()), client)).body).not.toContain(url);
          const proof = {
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion: 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA',
          };
          expect((await client.refresh('none that exists', proof)).status).toBeGreaterThanOrEqual(400);
        }
      }
      expect(inner.connections()).toBe(0);
    } finally {
      await inner.stop();
    }
  });
});

describe('a flood of registrations', () => {
  it('from one address is answered 429, however many servers it goes to (RFC 6585 §4)', async () => {
    const register = (address: string) =>
      stack().send('/reg', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
        body: JSON.stringify({ redirect_uris: [callback] }),
      });
    const answers = await Promise.all(
      Array.from({ length: registrationsPerMinute + 15 }, () => register('198.51.100.7')),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(registrationsPerMinute);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(15);
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await register('198.51.100.8')).status).toBe(201);
  });
});
