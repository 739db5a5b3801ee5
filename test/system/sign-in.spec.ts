import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approveAndSignIn, launchBrowser } from '../support/browser.ts';
import type { SignIn } from '../support/browser.ts';
import { legacyClient, modernClient } from '../support/mcp-clients.ts';
import type { McpClient } from '../support/mcp-clients.ts';
import { OAuthClient } from '../support/oauth-client.ts';
import { callWithStepUp } from '../support/step-up.ts';
import { hasChromium } from '../support/prerequisites.ts';
import { Stack } from '../support/stack.ts';

interface Connection {
  oauthClient: OAuthClient;
  mcpClient: McpClient;
}

describe.runIf(hasChromium('sign-in with a browser'))('an MCP client that has never seen the server', () => {
  let stack: Stack;
  let browser: Browser;
  let signIn: SignIn;
  const connections: Connection[] = [];

  beforeAll(async () => {
    [stack, browser] = await Promise.all([Stack.launch(), launchBrowser()]);
    signIn = stack.readSignIn();
  });
  afterAll(async () => {
    for (const { oauthClient, mcpClient } of connections) {
      await mcpClient.close();
      oauthClient.close();
    }
    await browser.close();
    await stack.dispose();
  });

  /** From the first request to an authorized connection, as a person with a browser of their own. */
  async function connect(
    makeClient: (mcpUrl: string, oauthClient: OAuthClient) => McpClient,
    options: { clientName: string; mcpUrl?: string; javaScriptEnabled?: boolean },
  ) {
    const oauthClient = await OAuthClient.listen(options.clientName);
    const mcpClient = makeClient(options.mcpUrl ?? stack.mcpUrl, oauthClient);
    connections.push({ oauthClient, mcpClient });
    expect(await mcpClient.connect()).toBe(false);
    const context = await browser.newContext({ javaScriptEnabled: options.javaScriptEnabled ?? true });
    const journey = await approveAndSignIn(await context.newPage(), oauthClient.authorizationUrl, signIn);
    await context.close();
    await mcpClient.finishAuthorization(await oauthClient.receiveCallback());
    expect(await mcpClient.connect()).toBe(true);
    return { oauthClient, mcpClient, journey };
  }

  const refresh = (refreshToken = '', oauthClient: OAuthClient) => {
    const oauthClientId = oauthClient.clientInformation()?.client_id ?? '';
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: oauthClientId };
    return fetch(`${stack.issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
  };

  describe.each([
    { sdk: '@modelcontextprotocol/client 2.4.0', revision: '2026-07-28', makeClient: modernClient, javaScript: true },
    { sdk: '@modelcontextprotocol/sdk 1.32.2', revision: '2025-11-25', makeClient: legacyClient, javaScript: false },
  ])('with $sdk at $revision', ({ sdk, revision, makeClient, javaScript }) => {
    let connected: Awaited<ReturnType<typeof connect>>;

    it(`is approved, signs in ${javaScript ? '' : 'without JavaScript '}and comes back with a token`, async () => {
      connected = await connect(makeClient, { clientName: `Test of ${sdk}`, javaScriptEnabled: javaScript });
      const { approvalText } = connected.journey;
      expect(approvalText).toContain(`Test of ${sdk}`);
      expect(approvalText).toContain(new URL(connected.oauthClient.redirectUrl).hostname);
      expect(connected.mcpClient.protocolVersion()).toBe(revision);
    });

    it('was given an RFC 9068 token for this resource, to connect and read, and a refresh token', () => {
      const tokens = connected.oauthClient.tokens();
      expect(decodeProtectedHeader(tokens?.access_token ?? '')).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
      const { aud, iss, sub, scope } = decodeJwt(tokens?.access_token ?? '');
      expect({ aud, iss }).toEqual({ aud: stack.mcpUrl, iss: stack.issuer });
      expect(sub).not.toContain('@');
      expect(scope).toBe('mcp files:read');
      expect(tokens?.refresh_token).toMatch(/\S+/);
    });

    it('lists all tools of the files server, and asks by itself for the scope of one that writes', async () => {
      const { mcpClient, oauthClient } = connected;
      const tools = await mcpClient.listTools();
      expect(tools).toEqual(expect.arrayContaining(['files__list', 'files__read', 'files__write', 'files__search']));
      const path = `${revision}.txt`;
      const before = oauthClient.tokens();
      const written = await callWithStepUp({ mcpClient, oauthClient, signIn }, 'files__write', {
        path,
        content: `from ${sdk}`,
      });
      expect(written).toMatchObject({ isError: false });
      expect(written.asked?.toSorted()).toEqual(['files:read', 'files:write', 'mcp']);
      const { scope } = decodeJwt(oauthClient.tokens()?.access_token ?? '');
      expect(String(scope).split(' ').toSorted()).toEqual(written.asked?.toSorted());
      // Another process of the same client may still hold what was given before.
      expect((await refresh(before?.refresh_token, oauthClient)).status).toBe(200);
      const read = await mcpClient.callTool('files__read', { path });
      expect(read).toEqual({ isError: false, text: expect.stringContaining(`from ${sdk}`) });
    });

    it('refreshes by itself when its access token is refused, and goes on', async () => {
      const { oauthClient, mcpClient } = connected;
      const before = oauthClient.spoilAccessToken();
      const answer = await mcpClient.callTool('files__read', { path: 'welcome.md' });
      expect(answer).toEqual({ isError: false, text: expect.stringContaining('Welcome to Gatehouse') });
      expect(oauthClient.tokens()?.access_token).not.toBe(before.access_token);
      expect(oauthClient.tokens()?.refresh_token).not.toBe(before.refresh_token);
      expect(decodeJwt(oauthClient.tokens()?.access_token ?? '').sub).toBe(decodeJwt(before.access_token).sub);
    });
  });

  it('connects to one server alone, whose tools have their own names and whose token is for it only', async () => {
    const mcpUrl = `${stack.mcpUrl}/files`;
    const { mcpClient, oauthClient } = await connect(modernClient, { clientName: 'One server', mcpUrl });
    expect(await mcpClient.listTools()).toEqual(expect.arrayContaining(['list', 'read', 'write', 'search']));
    expect(decodeJwt(oauthClient.tokens()?.access_token ?? '').aud).toBe(mcpUrl);
  });
});
