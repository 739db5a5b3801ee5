import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Browser } from '../../support/authorization/browser.ts';
import { jsonOf } from '../../support/authorization/http.ts';
import { administrator } from '../../support/authorization/issuer.ts';
import { callback, decodeJwt, McpClient, registerClient } from '../../support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../support/authorization/mcp-client.ts';
import { formTokenOf, show } from '../../support/authorization/pages.ts';
import { stack, statusesOf } from '../stack/running-stack.ts';

const withinMs = 1_000;
const patienceMs = 15_000;

/** When no gateway took the token any more, in milliseconds since the epoch. */
async function refusedAt(token: string): Promise<number> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    if ((await statusesOf(token)).every((status) => status === 401)) return Date.now();
    await delay(10);
  }
  throw new Error('a gateway still takes the token');
}

/** A pair of tokens that both gateways have seen. */
async function used(client: McpClient, parameters: Record<string, string> = {}): Promise<TokenAnswer> {
  const tokens = await client.obtainTokens(parameters);
  expect(await statusesOf(tokens.access_token)).toEqual([200, 200]);
  return tokens;
}

function revoke(client: McpClient, token: string) {
  return client.postForm('/token/revocation', { token, client_id: client.oauthClientId });
}

function kidOf(token: string): string {
  return String(decodeJwt(token).header.kid);
}

describe('an access token is 401 at each gateway within a second', () => {
  it('after it was revoked, while other tokens of its client are good', async () => {
    const { client } = stack();
    const tokens = await used(client);
    const other = await used(client);
    const startedAt = Date.now();
    expect((await revoke(client, tokens.access_token)).status).toBe(200);
    expect((await refusedAt(tokens.access_token)) - startedAt).toBeLessThan(withinMs);
    expect(await statusesOf(other.access_token)).toEqual([200, 200]);
  });

  it('after the refresh token of its grant was revoked', async () => {
    const { client } = stack();
    const tokens = await used(client);
    const second = jsonOf(await client.refresh(tokens.refresh_token)) as TokenAnswer;
    expect(await statusesOf(second.access_token)).toEqual([200, 200]);
    const startedAt = Date.now();
    expect((await revoke(client, second.refresh_token)).status).toBe(200);
    for (const { access_token: token } of [tokens, second])
      expect((await refusedAt(token)) - startedAt).toBeLessThan(withinMs);
  });

  it('after its code was redeemed again', async () => {
    const { client } = stack();
    const code = await client.obtainCode();
    const tokens = jsonOf(await client.redeem(code)) as TokenAnswer;
    expect(await statusesOf(tokens.access_token)).toEqual([200, 200]);
    const startedAt = Date.now();
    expect((await client.redeem(code)).status).toBe(400);
    expect((await refusedAt(tokens.access_token)) - startedAt).toBeLessThan(withinMs);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
  });

  it('after its code was redeemed ten times at once', async () => {
    const { client } = stack();
    const code = await client.obtainCode();
    const startedAt = Date.now();
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.redeem(code)));
    const won = answers.find(({ status }) => status === 200);
    const { access_token: token } = JSON.parse(won?.text ?? '{}') as TokenAnswer;
    expect((await refusedAt(token)) - startedAt).toBeLessThan(withinMs);
  });

  it('after a refresh token of its grant was used beyond the grace window', async () => {
    const { client } = stack();
    const tokens = await used(client);
    const second = jsonOf(await client.refresh(tokens.refresh_token)) as TokenAnswer;
    expect(await statusesOf(second.access_token)).toEqual([200, 200]);
    await stack().database.query(
      `UPDATE auth.refresh_token SET consumed_at = consumed_at - interval '1 hour' WHERE consumed_at IS NOT NULL`,
    );
    const startedAt = Date.now();
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
    for (const { access_token: token } of [tokens, second])
      expect((await refusedAt(token)) - startedAt).toBeLessThan(withinMs);
  });

  it('after its client deleted itself (RFC 7592 §2.3)', async () => {
    const registered = jsonOf(await registerClient(stack(), { redirect_uris: [callback] })) as {
      client_id: string;
      registration_access_token: string;
    };
    const tokens = await used(McpClient.of(stack(), registered.client_id, stack().person));
    const startedAt = Date.now();
    const deletion = await stack().send(`/reg/${registered.client_id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${registered.registration_access_token}` },
    });
    expect(deletion.status).toBe(204);
    expect((await refusedAt(tokens.access_token)) - startedAt).toBeLessThan(withinMs);
  });

  it('after its person disconnected the client on the account page', async () => {
    const { person } = stack();
    const client = await stack().register();
    const tokens = await used(client);
    const other = await used(stack().client);
    const page = await show(person, '/account');
    const startedAt = Date.now();
    const form = { form_token: formTokenOf(page), decision: 'disconnect', client_id: client.oauthClientId };
    await show(person, page.url.href, form);
    expect((await refusedAt(tokens.access_token)) - startedAt).toBeLessThan(withinMs);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
    expect(await statusesOf(other.access_token)).toEqual([200, 200]);
  });
});

describe('an access token is 401 at each gateway within a second of an operator’s command', () => {
  /** Runs a command, and returns how long after its first audit row no gateway took any of the tokens. */
  async function refusedAfterMs(command: string[], ...tokens: TokenAnswer[]): Promise<number> {
    const [latest] = await stack().database.query<{ id: string }>('SELECT max(id) AS id FROM auth.audit_row');
    const refused = Promise.all(tokens.map(({ access_token: token }) => refusedAt(token)));
    await stack().operate(...command);
    const refusedLast = Math.max(...(await refused));
    const [row] = await stack().database.query<{ ms: number }>(
      'SELECT (extract(epoch FROM min(occurred_at)) * 1000)::float8 AS ms FROM auth.audit_row WHERE id > $1',
      [latest?.id],
    );
    return refusedLast - (row?.ms ?? Number.NaN);
  }

  /** An account with the administrator's password, and a client that speaks for it. */
  async function addAccount(email: string): Promise<McpClient> {
    await stack().database.query(
      `INSERT INTO auth.account (sub, tenant_id, email, email_key, password_hash, roles)
       SELECT gen_random_uuid(), tenant_id, $1, $1, password_hash, '{}' FROM auth.account WHERE email = $2`,
      [email, administrator.email],
    );
    const person = new Browser(stack());
    const client = await McpClient.register(stack(), {}, person);
    await person.authorize(client.authorizationUrl(), { email, password: administrator.password });
    return client;
  }

  it('that ended its grant, or deleted its client', async () => {
    const [first, second] = [await stack().register(), await stack().register()];
    const [ended, orphan, other] = [await used(first), await used(second), await used(stack().client)];
    const { gid } = decodeJwt(ended.access_token).claims;
    expect(await refusedAfterMs(['grants', 'revoke', String(gid)], ended)).toBeLessThan(withinMs);
    expect(await refusedAfterMs(['clients', 'delete', second.oauthClientId], orphan)).toBeLessThan(withinMs);
    expect(await statusesOf(other.access_token)).toEqual([200, 200]);
  });

  it('that signed its account out, and one of a new sign-in is good', async () => {
    const tokens = await used(stack().client);
    const command = ['accounts', 'sign-out', administrator.email];
    expect(await refusedAfterMs(command, tokens)).toBeLessThan(withinMs);
    expect((await stack().client.refresh(tokens.refresh_token)).status).toBe(400);
    await used(stack().client);
  });

  it('that closed its account, and stays so when the account is open again', async () => {
    const email = 'leaver@example.com';
    const client = await addAccount(email);
    const tokens = await used(client);
    const other = await used(stack().client);
    expect(await refusedAfterMs(['accounts', 'disable', email], tokens)).toBeLessThan(withinMs);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
    expect(await statusesOf(other.access_token)).toEqual([200, 200]);
    await stack().operate('accounts', 'enable', email);
    expect(await statusesOf(tokens.access_token)).toEqual([401, 401]);
  });

  it('that revoked the key which signed it, and one of the next key is good', async () => {
    const tokens = await used(stack().client);
    const kid = kidOf(tokens.access_token);
    expect(await refusedAfterMs(['keys', 'revoke', kid], tokens)).toBeLessThan(withinMs);
    const refresh = async () => {
      const answer = await stack().client.refresh(tokens.refresh_token);
      return (jsonOf(answer) as TokenAnswer).access_token;
    };
    // For both authorization servers have to hear of it.
    await expect
      .poll(async () => [kidOf(await refresh()), kidOf(await refresh())], { timeout: withinMs })
      .not.toContain(kid);
    expect(await statusesOf(await refresh())).toEqual([200, 200]);
  });
});
