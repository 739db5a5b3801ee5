import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDocumentHost, startEgressProxy } from '../support/document-host.ts';
import { legacyClient, modernClient } from '../support/mcp-clients.ts';
import { OAuthClient } from '../support/oauth-client.ts';
import { signInByForms } from '../support/sign-in-by-forms.ts';
import { callWithStepUp } from '../support/step-up.ts';
import { Stack } from '../support/stack.ts';

const fixtures = new URL('../../apps/authorization-server/test/fixtures/client-documents/', import.meta.url);
const document = JSON.parse(readFileSync(new URL('claude-code.json', fixtures), 'utf8')) as { client_id: string };

describe('an unmodified MCP client whose id is the URL of its metadata document', () => {
  let stack: Stack;
  let host: Awaited<ReturnType<typeof startDocumentHost>>;
  let proxy: Awaited<ReturnType<typeof startEgressProxy>>;

  beforeAll(async () => {
    const { hostname, pathname } = new URL(document.client_id);
    host = await startDocumentHost([hostname]);
    host.serve(pathname, document);
    proxy = await startEgressProxy(host);
    stack = await Stack.launch({
      AUTH_EGRESS_PROXY: `http://127.0.0.1:${proxy.port}`,
      AUTH_OUTBOUND_EXCEPTIONS: `${hostname} 192.0.2.0/24 ${host.caFile}`,
    });
  });
  afterAll(async () => {
    await stack.dispose();
    await proxy.stop();
    await host.stop();
  });

  it.each([
    ['@modelcontextprotocol/client 2.x', modernClient],
    ['@modelcontextprotocol/sdk 1.x', legacyClient],
  ])('connects without registration, calls a tool, refreshes and steps up: %s', async (_sdk, makeClient) => {
    const oauthClient = await OAuthClient.listen('Claude Code');
    oauthClient.clientMetadataUrl = document.client_id;
    const mcpClient = makeClient(stack.mcpUrl, oauthClient);
    try {
      expect(await mcpClient.connect()).toBe(false);
      expect(oauthClient.authorizationUrl.searchParams.get('client_id')).toBe(document.client_id);
      await mcpClient.finishAuthorization(await signInByForms(oauthClient.authorizationUrl, stack.readSignIn()));
      expect(await mcpClient.connect()).toBe(true);
      expect((await mcpClient.callTool('files__list', {})).isError).toBe(false);
      expect(decodeJwt(oauthClient.tokens()?.access_token ?? '').client_id).toBe(document.client_id);
      const before = oauthClient.spoilAccessToken();
      expect(await mcpClient.connect()).toBe(true);
      expect(oauthClient.tokens()?.refresh_token).not.toBe(before.refresh_token);
      const signIn = stack.readSignIn();
      const file = { path: randomUUID(), content: 'written' };
      const written = await callWithStepUp({ mcpClient, oauthClient, signIn }, 'files__write', file);
      expect(written).toMatchObject({ isError: false });
      expect(written.asked?.toSorted()).toEqual(['files:read', 'files:write', 'mcp']);
    } finally {
      await mcpClient.close();
      oauthClient.close();
    }
  });
});
