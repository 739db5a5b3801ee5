import { describe, expect, it } from 'vitest';
import { Browser } from '../../support/authorization/browser.ts';
import { callback, McpClient, resource } from '../../support/authorization/mcp-client.ts';
import { isApprovalPage } from '../../support/authorization/pages.ts';
import { atEachAuthorizationServer, stack } from '../stack/running-stack.ts';

type Parameters = Record<string, string | undefined>;

/** Sends an authorization request to each authorization server, as the browser of somebody who is not signed in. */
async function askEach(
  parameters: Parameters,
  judge: (answer: Awaited<ReturnType<Browser['open']>>) => void,
): Promise<void> {
  await atEachAuthorizationServer(async (replica) => {
    judge(await new Browser(replica).open(stack().client.authorizationUrl(parameters)));
  });
}

/** What the client hears of each authorization server. */
async function answersTo(parameters: Parameters): Promise<Record<string, string>[]> {
  const answers: Record<string, string>[] = [];
  await askEach(parameters, ({ url }) => {
    const { error_description: _, ...answer } = Object.fromEntries(url.searchParams);
    answers.push({ ...answer, at: `${url.origin}${url.pathname}` });
  });
  return answers;
}

/** The same refusal of each, with `iss` (RFC 9207 §2). */
function refusals(error: string): Record<string, string>[] {
  const { issuer: iss, authorizationServers } = stack();
  return authorizationServers.map(() => ({ at: callback, error, iss, state: 'state of the client' }));
}

describe('an authorization request without a good code challenge', () => {
  it.each<[string, Parameters]>([
    ['no challenge', { code_challenge: undefined, code_challenge_method: undefined }],
    ['the method plain', { code_challenge_method: 'plain' }],
    ['no method, which means plain', { code_challenge_method: undefined }],
    ['a challenge that is too short', { code_challenge: 'short' }],
    ['a challenge of other characters', { code_challenge: '%'.repeat(43) }],
    ['a challenge that is too long', { code_challenge: 'a'.repeat(129) }],
  ])('is answered invalid_request, with iss: %s (RFC 7636 §4.4.1, RFC 9207 §2)', async (_what, parameters) => {
    expect(await answersTo(parameters)).toEqual(refusals('invalid_request'));
  });
});

describe('an authorization request for a redirect URI that is not registered', () => {
  it.each([
    ['another path', 'http://127.0.0.1:33418/other'],
    ['a longer path', `${callback}/more`],
    ['another host', 'https://evil.example/callback'],
    ['another loopback name', 'http://localhost:33418/callback'],
    ['a user before a host', 'http://127.0.0.1:33418@evil.example/callback'],
    ['an added query', `${callback}?next=https://evil.example`],
    ['an added fragment', `${callback}#fragment`],
    ['a dot segment', 'http://127.0.0.1:33418/x/../callback'],
    ['another scheme', 'https://127.0.0.1:33418/callback'],
    ['a script', 'javascript:alert(1)'],
    ['a backslash', 'http:\\\\evil.example\\callback'],
  ])('is answered 400 with a page, never with a redirect: %s (RFC 6749 §4.1.2.1)', async (_what, redirectUri) => {
    await askEach({ redirect_uri: redirectUri }, ({ answer, url }) => {
      expect([answer.status, answer.headers['content-type']]).toEqual([400, 'text/html; charset=utf-8']);
      expect(answer.headers).not.toHaveProperty('location');
      expect(answer.text).not.toContain('http-equiv="refresh"');
      expect(url.origin).toBe(stack().issuer);
    });
  });
});

describe('another loopback port than the registered one', () => {
  const elsewhere = 'http://127.0.0.1:51234/callback';

  it('is good for a native client (RFC 8252 §7.3)', async () => {
    const url = stack().client.authorizationUrl({ redirect_uri: elsewhere });
    expect((await stack().person.authorize(url)).href).toMatch(/^http:\/\/127\.0\.0\.1:51234\/callback\?code=/);
  });

  it.each([
    ['https://app.example/callback', 'https://app.example:8443/callback'],
    ['https://app.example:8443/callback', 'https://app.example/callback'],
  ])('is no more allowed for a web client than another port of %s', async (registered, asked) => {
    const oauthClientId = `web ${registered}`.replaceAll(/[^\w.]/g, '-');
    await stack().database.query(`INSERT INTO auth.oauth_client (id, tenant_id, metadata) VALUES ($1, 'default', $2)`, [
      oauthClientId,
      { client_id: oauthClientId, application_type: 'web', client_name: 'Web', redirect_uris: [registered] },
    ]);
    const client = McpClient.of(stack(), oauthClientId);
    await atEachAuthorizationServer(async (replica) => {
      for (const redirectUri of [asked, elsewhere, callback]) {
        const { answer } = await new Browser(replica).open(client.authorizationUrl({ redirect_uri: redirectUri }));
        expect([answer.status, answer.headers.location]).toEqual([400, undefined]);
      }
      const { answer, url } = await new Browser(replica).open(client.authorizationUrl({ redirect_uri: registered }));
      expect(isApprovalPage({ status: answer.status, headers: answer.headers, body: answer.text, url })).toBe(true);
    });
  });
});

describe('an authorization request for a resource that does not exist', () => {
  it.each([
    ['unknown', 'http://localhost:3000/other'],
    ['of another host', 'https://evil.example/mcp'],
    ['below a known one', `${resource}/nobody`],
    ['above a known one', 'http://localhost:3000/'],
    ['relative', '/mcp'],
    ['with a fragment', `${resource}#part`],
    ['with a query', `${resource}?server=files`],
    ['with a user', 'http://user@localhost:3000/mcp'],
  ])('is answered invalid_target: %s (RFC 8707 §2)', async (_what, asked) => {
    expect(await answersTo({ resource: asked })).toEqual(refusals('invalid_target'));
  });
});

describe('an authorization request for an answer that would put tokens into URLs', () => {
  it.each(['token', 'id_token', 'code token', 'code id_token', 'code id_token token', 'none'])(
    'is answered unsupported_response_type: %s',
    async (responseType) => {
      await askEach({ response_type: responseType, nonce: 'n', scope: 'openid mcp' }, ({ url }) => {
        const parameters = new URLSearchParams(url.search || url.hash.slice(1));
        expect([...parameters.keys()].toSorted()).toEqual(['error', 'error_description', 'iss', 'state']);
        expect(parameters.get('error')).toBe('unsupported_response_type');
      });
    },
  );
});

describe('an authorization request by reference', () => {
  it.each([
    ['request_uri', { request_uri: 'https://app.example/request' }, 'request_uri_not_supported'],
    ['a data URI', { request_uri: 'data:text/plain,eyJhbGciOiJub25lIn0.e30.' }, 'request_uri_not_supported'],
    ['request', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
  ])(
    'is not supported, and nothing is fetched: %s (OpenID Connect Core 1.0 §3.1.2.6)',
    async (_what, parameters, error) => {
      expect(await answersTo(parameters)).toEqual(refusals(error));
    },
  );

  it('is refused when the reference is one of a pushed request that nobody pushed (RFC 9126 §4)', async () => {
    const parameters = { request_uri: `urn:ietf:params:oauth:request_uri:${'a'.repeat(43)}` };
    expect(await answersTo(parameters)).toEqual(refusals('invalid_request_uri'));
  });
});

describe('an authorization request that allows no page', () => {
  it('is answered login_required while nobody is signed in', async () => {
    expect(await answersTo({ prompt: 'none' })).toEqual(refusals('login_required'));
  });
});

describe('a parameter that comes twice', () => {
  it.each(['client_id', 'redirect_uri', 'response_type', 'state', 'code_challenge', 'scope', 'nonce'])(
    'is refused in an authorization request: %s (RFC 6749 §3.1)',
    async (name) => {
      await atEachAuthorizationServer(async (replica) => {
        const url = `${stack().client.authorizationUrl({ nonce: 'n' })}&${name}=again`;
        const { answer, url: end } = await new Browser(replica).open(url);
        const isPage = answer.status === 400 && end.origin === stack().issuer;
        const isAnswer = end.href.startsWith(`${callback}?`) && end.searchParams.get('error') === 'invalid_request';
        expect([isPage, isAnswer]).toContain(true);
      });
    },
  );

  it.each(['grant_type', 'code', 'code_verifier', 'redirect_uri', 'client_id', 'refresh_token'])(
    'is refused with 400 in a token request: %s (RFC 6749 §3.2)',
    async (name) => {
      const form = {
        grant_type: name === 'refresh_token' ? name : 'authorization_code',
        code: 'a',
        code_verifier: 'v'.repeat(43),
        redirect_uri: callback,
        client_id: stack().client.oauthClientId,
        refresh_token: 'a',
      };
      const body = `${new URLSearchParams(form).toString()}&${name}=again`;
      for (const answer of [
        await stack().client.postForm('/token', body),
        await stack().client.postForm('/token', body),
      ])
        expect([answer.status, JSON.parse(answer.text)]).toMatchObject([400, { error: 'invalid_request' }]);
    },
  );
});

describe('a request for another host', () => {
  const targets = ['/.well-known/oauth-authorization-server', '/auth', '/token', '/reg', '/jwks', '/interaction/x'];

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1', 'localhost', 'localhost@evil.example', ''])(
    'is answered 421, and no URL is made of its name: %j (RFC 9110 §7.4)',
    async (host) => {
      await atEachAuthorizationServer(async (replica) => {
        for (const target of targets) {
          const answer = await replica.send(target, { headers: { host } });
          expect([target, answer.status]).toEqual([target, 421]);
          expect(answer.text).not.toContain('evil');
        }
      });
    },
  );

  it.each(['x-forwarded-host', 'forwarded', 'x-host', 'x-original-host'])(
    'is not made by a header: %s',
    async (name) => {
      await atEachAuthorizationServer(async (replica) => {
        const headers = { [name]: name === 'forwarded' ? 'host=evil.example;proto=https' : 'evil.example' };
        const answer = await replica.send('/.well-known/oauth-authorization-server', { headers });
        expect(JSON.parse(answer.text)).toMatchObject({ issuer: stack().issuer, jwks_uri: `${stack().issuer}/jwks` });
        expect(answer.text).not.toContain('evil');
      });
    },
  );
});
