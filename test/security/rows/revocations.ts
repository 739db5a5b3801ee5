import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { jsonOf } from '../../support/authorization/http.ts';
import { callback, McpClient, registerClient } from '../../support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../support/authorization/mcp-client.ts';
import { stack, statusesOf } from '../stack/running-stack.ts';

const withinMs = 1_000;

/** Waits until no gateway takes the token any more, and returns how long that took. */
async function refusedAfterMs(token: string, startedAt: number): Promise<number> {
  for (;;) {
    if ((await statusesOf(token)).every((status) => status === 401)) return performance.now() - startedAt;
    if (performance.now() - startedAt > 5 * withinMs) throw new Error('a gateway still takes the token');
    await delay(10);
  }
}

describe('an access token is 401 at each gateway within a second', () => {
  /** A pair of tokens that both gateways have seen. */
  async function used(client: McpClient): Promise<TokenAnswer> {
    const tokens = await client.obtainTokens();
    expect(await statusesOf(tokens.access_token)).toEqual([200, 200]);
    return tokens;
  }
  const revoke = (client: McpClient, token: string) =>
    client.postForm('/token/revocation', { token, client_id: client.oauthClientId });

  it('after it was revoked', async () => {
    const { client } = stack();
    const tokens = await used(client);
    const other = await used(client);
    const startedAt = performance.now();
    expect((await revoke(client, tokens.access_token)).status).toBe(200);
    expect(await refusedAfterMs(tokens.access_token, startedAt)).toBeLessThan(withinMs);
    expect(await statusesOf(other.access_token)).toEqual([200, 200]);
  });

  it('after the refresh token of its grant was revoked', async () => {
    const { client } = stack();
    const tokens = await used(client);
    const second = jsonOf(await client.refresh(tokens.refresh_token)) as TokenAnswer;
    expect(await statusesOf(second.access_token)).toEqual([200, 200]);
    const startedAt = performance.now();
    expect((await revoke(client, second.refresh_token)).status).toBe(200);
    for (const { access_token: token } of [tokens, second])
      expect(await refusedAfterMs(token, startedAt)).toBeLessThan(withinMs);
  });

  it('after its code was redeemed again', async () => {
    const { client } = stack();
    const code = await client.obtainCode();
    const tokens = jsonOf(await client.redeem(code)) as TokenAnswer;
    expect(await statusesOf(tokens.access_token)).toEqual([200, 200]);
    const startedAt = performance.now();
    expect((await client.redeem(code)).status).toBe(400);
    expect(await refusedAfterMs(tokens.access_token, startedAt)).toBeLessThan(withinMs);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
  });

  it('after its code was redeemed ten times at once', async () => {
    const { client } = stack();
    const code = await client.obtainCode();
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.redeem(code)));
    const won = answers.find(({ status }) => status === 200);
    const { access_token: token } = JSON.parse(won?.text ?? '{}') as TokenAnswer;
    expect(await refusedAfterMs(token, startedAt)).toBeLessThan(withinMs);
  });

  it('after a refresh token of its grant was used beyond the grace window', async () => {
    const { client } = stack();
    const tokens = await used(client);
    const second = jsonOf(await client.refresh(tokens.refresh_token)) as TokenAnswer;
    expect(await statusesOf(second.access_token)).toEqual([200, 200]);
    await stack().database.query(
      `UPDATE auth.refresh_token SET consumed_at = consumed_at - interval '1 hour' WHERE consumed_at IS NOT NULL`,
    );
    const startedAt = performance.now();
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
    for (const { access_token: token } of [tokens, second])
      expect(await refusedAfterMs(token, startedAt)).toBeLessThan(withinMs);
  });

  it('after its client was deleted (RFC 7592 §2.3)', async () => {
    const registered = jsonOf(await registerClient(stack(), { redirect_uris: [callback] })) as {
      client_id: string;
      registration_access_token: string;
    };
    const tokens = await used(McpClient.of(stack(), registered.client_id, stack().person));
    const startedAt = performance.now();
    const deletion = await stack().send(`/reg/${registered.client_id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${registered.registration_access_token}` },
    });
    expect(deletion.status).toBe(204);
    expect(await refusedAfterMs(tokens.access_token, startedAt)).toBeLessThan(withinMs);
  });
});
