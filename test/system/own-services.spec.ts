import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { EmbeddedNats } from '@gatehouse/start';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modernClient } from '../support/mcp-clients.ts';
import { OAuthClient } from '../support/oauth-client.ts';
import { signInByForms } from '../support/sign-in-by-forms.ts';
import { Stack } from '../support/stack.ts';

const databaseUrl = process.env.GATEHOUSE_TEST_DATABASE_URL ?? '';
const databaseName = 'own_services';
const administrator = { email: 'admin@example.com', password: 'correct-horse-battery-staple' };

async function administer(statement: string): Promise<void> {
  const connection = new pg.Client({ connectionString: databaseUrl });
  await connection.connect();
  await connection.query(statement);
  await connection.end();
}

describe('npm start with DATABASE_URL and NATS_URL', () => {
  const folder = makeTemporaryFolder('gatehouse-own-services-');
  let nats: EmbeddedNats;
  let stack: Stack;

  beforeAll(async () => {
    const natsDir = path.join(folder.path, 'nats');
    mkdirSync(natsDir);
    nats = await startEmbeddedNats({ dataDir: natsDir, durable: false });
    await administer(`CREATE DATABASE ${databaseName}`);
    stack = await Stack.launch({
      DATABASE_URL: databaseUrl.replace(/[^/]*$/, databaseName),
      NATS_URL: nats.url,
      GATEHOUSE_ADMIN_EMAIL: administrator.email,
      GATEHOUSE_ADMIN_PASSWORD: administrator.password,
    });
  });
  afterAll(async () => {
    await stack.dispose();
    await administer(`DROP DATABASE ${databaseName}`);
    await nats.stop();
    folder.remove();
  });

  it('uses them and starts none of its own', () => {
    const names = stack.processes().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['authorization-server', 'worker', 'gateway']));
    expect(names).not.toContain('postgres');
    expect(names).not.toContain('nats');
  });

  it('lets the administrator of GATEHOUSE_ADMIN_EMAIL sign in with the given password, which it does not print', async () => {
    const oauthClient = await OAuthClient.listen('Given administrator');
    const mcpClient = modernClient(stack.mcpUrl, oauthClient);
    expect(await mcpClient.connect()).toBe(false);
    await mcpClient.finishAuthorization(await signInByForms(oauthClient.authorizationUrl, administrator));
    expect(await mcpClient.connect()).toBe(true);
    expect(await mcpClient.listTools()).toContain('files__list');
    await mcpClient.close();
    oauthClient.close();
    expect(stack.command.output).toContain(`sign in as    ${administrator.email}, with GATEHOUSE_ADMIN_PASSWORD`);
    expect(stack.command.output).not.toContain(administrator.password);
  });
});
