import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { decodeJwt, McpClient, registerClient, callback } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

describe('revocation (RFC 7009) and introspection (RFC 7662)', () => {
  let replicas: Replicas;
  let client: McpClient;
  let dataSource: DataSource;

  beforeAll(async () => {
    replicas = await startReplicas(2);
    client = await McpClient.register(replicas);
    dataSource = await replicas.database.open();
  });
  afterAll(() => replicas.stop());

  const revoke = (token: string, by = client) =>
    by.postForm('/token/revocation', { token, client_id: by.oauthClientId });
  const introspect = async (token: string, by = client) =>
    jsonOf(await by.postForm('/token/introspection', { token, client_id: by.oauthClientId }));

  it('ends the whole grant, tells the outbox and the audit in the same transaction', async () => {
    const tokens = await client.obtainTokens();
    const { gid } = decodeJwt(tokens.access_token).claims;
    expect((await revoke(tokens.refresh_token)).status).toBe(200);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
    const written = await dataSource.query(
      `SELECT o.kind, o.tenant_id, a.type, a.reason, a.oauth_client_id, o.xmin = a.xmin AS together
       FROM auth.outbox o, auth.audit_row a
       WHERE o.key = $1 AND a.type = 'grant.ended' AND a.details->>'gid' = $1`,
      [gid],
    );
    expect(written).toEqual([
      {
        kind: 'grant',
        tenant_id: 'default',
        type: 'grant.ended',
        reason: 'revoked_by_client',
        oauth_client_id: client.oauthClientId,
        together: true,
      },
    ]);
  });

  it('answers 200 for an unknown token (RFC 7009 §2.2) and for one revoked before', async () => {
    const tokens = await client.obtainTokens();
    const statuses = [];
    for (const token of [tokens.refresh_token, tokens.refresh_token, 'unknown']) {
      statuses.push((await revoke(token)).status);
    }
    expect(statuses).toEqual([200, 200, 200]);
  });

  it("does not let a client revoke another's token, nor look into it", async () => {
    const tokens = await client.obtainTokens();
    const stranger = await McpClient.register(replicas);
    expect((await revoke(tokens.refresh_token, stranger)).status).toBe(200);
    expect(await introspect(tokens.refresh_token, stranger)).toEqual({ active: false });
    expect((await client.refresh(tokens.refresh_token)).status).toBe(200);
  });

  it('tells its own client what a refresh token is good for, while it is', async () => {
    const tokens = await client.obtainTokens();
    const { sub } = decodeJwt(tokens.access_token).claims;
    expect(await introspect(tokens.refresh_token)).toMatchObject({
      active: true,
      client_id: client.oauthClientId,
      sub,
      iss: replicas.issuer,
      scope: 'mcp',
    });
    await revoke(tokens.refresh_token);
    expect(await introspect(tokens.refresh_token)).toEqual({ active: false });
  });

  it('ends fifteen refreshes, reuses and revocations of one grant at the same time without a fault', async () => {
    for (let round = 0; round < 5; round++) {
      const first = await client.obtainTokens();
      const { gid } = decodeJwt(first.access_token).claims;
      const second = jsonOf(await client.refresh(first.refresh_token)) as TokenAnswer;
      await dataSource.query(
        `UPDATE auth.refresh_token SET consumed_at = consumed_at - interval '1 hour' WHERE grant_id = $1`,
        [gid],
      );
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => [
          client.refresh(first.refresh_token),
          client.refresh(second.refresh_token),
          revoke(second.refresh_token),
        ]).flat(),
      );
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      expect((await client.refresh(second.refresh_token)).status).toBe(400);
    }
  });

  it('ends the grants of a client that deletes itself (RFC 7592 §2.3)', async () => {
    const registered = jsonOf(await registerClient(replicas, { redirect_uris: [callback] })) as {
      client_id: string;
      registration_access_token: string;
    };
    const leaving = McpClient.of(replicas, registered.client_id);
    const tokens = await leaving.obtainTokens();
    const deletion = await replicas.send(`/reg/${registered.client_id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${registered.registration_access_token}` },
    });
    expect(deletion.status).toBe(204);
    expect((await leaving.refresh(tokens.refresh_token)).status).toBe(401);
    const written = await dataSource.query('SELECT kind FROM auth.outbox WHERE key = $1', [registered.client_id]);
    expect(written).toEqual([{ kind: 'client' }]);
  });
});
