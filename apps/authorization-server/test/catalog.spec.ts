import { randomUUID } from 'node:crypto';
import { connectNats, serveCalls } from '@gatehouse/messaging';
import type { CallServer, NatsConnection } from '@gatehouse/messaging';
import type { ServerDefinitions, ToolDefinition } from '@gatehouse/protocol';
import { createLogger } from '@gatehouse/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonOf } from './http.ts';
import { decodeJwt, McpClient, resource } from './mcp-client.ts';
import type { TokenAnswer } from './mcp-client.ts';
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
    replicas = await startReplicas(2, { NATS_URL: process.env.GATEHOUSE_TEST_NATS_URL ?? '' });
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
      .poll(async () => [...(await scopeVersions()).keys()])
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
      .poll(async () => (await scopeVersions()).get(`${server}:write`))
      .not.toBe(before.get(`${server}:write`));
    const after = await scopeVersions();
    expect(after.get(`${server}:read`)).toBe(before.get(`${server}:read`));
    expect(after.get(`${server}:audit`)).toBe(before.get(`${server}:audit`));
  });
});
