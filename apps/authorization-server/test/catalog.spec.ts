import { randomUUID } from 'node:crypto';
import { connectNats, serveCalls } from '@gatehouse/messaging';
import type { CallServer, NatsConnection } from '@gatehouse/messaging';
import type { ServerDefinitions, ToolDefinition } from '@gatehouse/protocol';
import { createLogger } from '@gatehouse/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { decodeJwt, McpClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });

const tool = (name: string, more: Partial<ToolDefinition> = {}): ToolDefinition => {
  return { name, inputSchema: { type: 'object' }, ...more };
};

function definitionsOf(server: string, tools: ToolDefinition[]): ServerDefinitions {
  return {
    server,
    version: '1',
    completions: false,
    logging: false,
    uriPrefixes: [],
    tools,
    resources: [],
    resourceTemplates: [],
    prompts: [],
  };
}

describe('the catalog, as the authorization server learns it', () => {
  const server = `s${randomUUID().slice(0, 8)}`;
  let replicas: Replicas;
  let nats: NatsConnection;
  const workers: CallServer[] = [];

  beforeAll(async () => {
    nats = await connectNats({
      servers: process.env.GATEHOUSE_TEST_NATS_URL ?? '',
      name: 'test',
      inboxPrefix: '_INBOX_test',
      logger,
    });
    replicas = await startReplicas(2, {
      NATS_URL: process.env.GATEHOUSE_TEST_NATS_URL ?? '',
      GATEWAY_SCOPE_HIERARCHY: `${server}:audit > ${server}:read`,
    });
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.drain()));
    await nats.close();
    await replicas.stop();
  });

  const announce = async (tools: ToolDefinition[]) => {
    const handler = () => Promise.reject(new Error('nobody calls'));
    const servers = [{ definitions: definitionsOf(server, tools), handler }];
    const worker = serveCalls({ connection: nats, tenant: 'default', servers, concurrency: 1, logger });
    workers.push(worker);
    await worker.ready;
  };
  const scopeVersions = async () => {
    const dataSource = await replicas.database.open();
    const rows = await dataSource.query<{ scope: string; version: string }[]>(
      'SELECT scope, version FROM auth.resource_scope WHERE server = $1 ORDER BY scope',
      [server],
    );
    return new Map(rows.map(({ scope, version }) => [scope, version]));
  };

  it('becomes a resource with the scopes of its tools', async () => {
    const client = await McpClient.register(replicas);
    const before = await client.authorize({ resource: `${resource}/${server}` }).catch((error: unknown) => error);
    expect(String(before)).toContain('invalid_target');
    await announce([
      tool('look', { annotations: { readOnlyHint: true } }),
      tool('change'),
      tool('audit', { gatehouse: { scopes: [`${server}:audit`] } }),
    ]);
    await expect
      .poll(async () => [...(await scopeVersions()).keys()], { timeout: 5_000 })
      .toEqual([`${server}:audit`, `${server}:read`, `${server}:write`]);
    // The other replica's view of the rows is a second old at most.
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    const code = await client.obtainCode({ resource: `${resource}/${server}`, scope: undefined });
    const tokens = jsonOf(await client.redeem(code)) as TokenAnswer;
    const { claims } = decodeJwt(tokens.access_token);
    expect(claims.aud).toBe(`${resource}/${server}`);
    expect(String(claims.scope).split(' ').toSorted()).toEqual(
      ['mcp', `${server}:audit`, `${server}:read`, `${server}:write`].toSorted(),
    );
  });

  it('writes an audit row for every scope that is learnt', async () => {
    const dataSource = await replicas.database.open();
    const rows = await dataSource.query<{ scope: string }[]>(
      `SELECT details->>'scope' AS scope FROM auth.audit_row
       WHERE type = 'scope.learnt' AND actor = 'system' AND details->>'server' = $1 ORDER BY scope`,
      [server],
    );
    expect(rows.map(({ scope }) => scope)).toEqual([`${server}:audit`, `${server}:read`, `${server}:write`]);
  });

  it('gives a scope another version when its tools change, and leaves the others', async () => {
    const before = await scopeVersions();
    await announce([tool('look', { annotations: { readOnlyHint: true } }), tool('change'), tool('change more')]);
    await expect
      .poll(async () => (await scopeVersions()).get(`${server}:write`), { timeout: 5_000 })
      .not.toBe(before.get(`${server}:write`));
    const after = await scopeVersions();
    expect(after.get(`${server}:read`)).toBe(before.get(`${server}:read`));
    expect(after.get(`${server}:audit`)).toBe(before.get(`${server}:audit`));
  });

  it('withholds a scope that opens other tools now from every refresh, until that is consented to', async () => {
    const client = await McpClient.register(replicas);
    const endpoint = `${resource}/${server}`;
    const scope = `mcp ${server}:read ${server}:write`;
    const redeem = async () => {
      const code = await client.obtainCode({ resource: endpoint, scope });
      return jsonOf(await client.redeem(code)) as TokenAnswer;
    };
    const refreshAtBoth = async (tokens: TokenAnswer, parameters: Record<string, string> = {}) => {
      const answers = [
        await client.refresh(tokens.refresh_token, parameters),
        await client.refresh(tokens.refresh_token, parameters),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      return answers.map((answer) => jsonOf(answer) as TokenAnswer);
    };
    const first = await redeem();
    expect(first.scope).toBe(scope);
    const before = await scopeVersions();
    await announce([tool('look', { annotations: { readOnlyHint: true } }), tool('erase everything')]);
    await expect
      .poll(async () => (await scopeVersions()).get(`${server}:write`), { timeout: 5_000 })
      .not.toBe(before.get(`${server}:write`));
    for (const refreshed of [...(await refreshAtBoth(first)), ...(await refreshAtBoth(first, { scope }))]) {
      expect(refreshed.scope).toBe(`mcp ${server}:read`);
      expect(decodeJwt(refreshed.access_token).claims.scope).toBe(`mcp ${server}:read`);
    }
    const dataSource = await replicas.database.open();
    const [row] = await dataSource.query<{ withheld: string[] }[]>(
      `SELECT details->'withheldScopes' AS withheld FROM auth.audit_row WHERE type = 'token.issued' ORDER BY id DESC LIMIT 1`,
    );
    expect(row?.withheld).toEqual([`${server}:write`]);
    const second = await redeem();
    expect(second.scope).toBe(scope);
    for (const refreshed of await refreshAtBoth(second)) expect(refreshed.scope).toBe(scope);
    for (const refreshed of await refreshAtBoth(first)) expect(refreshed.scope).toBe(`mcp ${server}:read`);
  });

  it('withholds a scope that changed between the approval and the code', async () => {
    const client = await McpClient.register(replicas);
    const scope = `mcp ${server}:write`;
    const code = await client.obtainCode({ resource: `${resource}/${server}`, scope });
    const before = await scopeVersions();
    await announce([tool('look', { annotations: { readOnlyHint: true } }), tool('erase more')]);
    await expect
      .poll(async () => (await scopeVersions()).get(`${server}:write`), { timeout: 5_000 })
      .not.toBe(before.get(`${server}:write`));
    expect(jsonOf(await client.redeem(code))).toMatchObject({ scope: 'mcp' });
  });

  it('keeps for a refresh the tools that a changed scope opened, and leaves out those that are new or have changed', async () => {
    const client = await McpClient.register(replicas);
    const endpoint = `${resource}/${server}`;
    const changeTo = async (tools: ToolDefinition[]) => {
      const before = (await scopeVersions()).get(`${server}:write`);
      await announce([tool('look', { annotations: { readOnlyHint: true } }), ...tools]);
      await expect
        .poll(async () => (await scopeVersions()).get(`${server}:write`), { timeout: 5_000 })
        .not.toBe(before);
    };
    await changeTo([tool('move'), tool('copy', { description: 'Copies' })]);
    const scope = `mcp ${server}:write`;
    const tokens = jsonOf(await client.redeem(await client.obtainCode({ resource: endpoint, scope }))) as TokenAnswer;
    expect(tokens.scope).toBe(scope);
    const refresh = async (parameters: Record<string, string> = {}) => {
      const answer = jsonOf(await client.refresh(tokens.refresh_token, parameters)) as TokenAnswer;
      const { scope: claimed, partial_scopes: partial } = decodeJwt(answer.access_token).claims;
      expect(claimed).toBe(answer.scope);
      return { scope: answer.scope, partial: partial as Record<string, string[]> | undefined };
    };
    expect(await refresh()).toEqual({ scope, partial: undefined });
    await changeTo([tool('move'), tool('copy', { description: 'Copies, and sends it away' }), tool('erase')]);
    const changed = await refresh();
    expect(changed.scope).toBe('mcp');
    expect(Object.keys(changed.partial ?? {})).toEqual([`${server}:write`]);
    expect(changed.partial?.[`${server}:write`]?.toSorted()).toEqual(['copy', 'erase']);
    // What the request does not ask for, its token has not, not even in part.
    expect(await refresh({ scope: 'mcp' })).toEqual({ scope: 'mcp', partial: undefined });
    // Fewer tools than were consented to are no reason to ask anybody.
    await changeTo([tool('move')]);
    expect(await refresh()).toEqual({ scope, partial: undefined });
  });

  it('counts to a scope what it includes: a tool that comes there is not open to those who consented before', async () => {
    const client = await McpClient.register(replicas);
    const scope = `mcp ${server}:audit`;
    const obtain = async () => {
      const code = await client.obtainCode({ resource: `${resource}/${server}`, scope });
      return jsonOf(await client.redeem(code)) as TokenAnswer;
    };
    const refresh = async (tokens: TokenAnswer) => {
      const answer = jsonOf(await client.refresh(tokens.refresh_token)) as TokenAnswer;
      return { scope: answer.scope, partial: decodeJwt(answer.access_token).claims.partial_scopes };
    };
    const first = await obtain();
    const before = await scopeVersions();
    const readOnly = { annotations: { readOnlyHint: true } };
    await announce([
      tool('look', readOnly),
      tool('peek', readOnly),
      tool('audit', { gatehouse: { scopes: [`${server}:audit`] } }),
    ]);
    await expect
      .poll(async () => (await scopeVersions()).get(`${server}:read`), { timeout: 5_000 })
      .not.toBe(before.get(`${server}:read`));
    expect((await scopeVersions()).get(`${server}:audit`)).toBe(before.get(`${server}:audit`));
    const changed = { scope: 'mcp', partial: { [`${server}:audit`]: ['peek'] } };
    expect([await refresh(first), await refresh(first)]).toEqual([changed, changed]);
    expect(await refresh(await obtain())).toEqual({ scope, partial: undefined });
  });

  it('is kept when the workers leave', async () => {
    const before = await scopeVersions();
    await Promise.all(workers.splice(0).map((worker) => worker.drain()));
    const client = await McpClient.register(replicas);
    const scope = `mcp ${server}:audit`;
    const code = await client.obtainCode({ resource: `${resource}/${server}`, scope });
    expect(jsonOf(await client.redeem(code))).toMatchObject({ scope });
    expect(await scopeVersions()).toEqual(before);
  });
});
