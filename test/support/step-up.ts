import type { SignIn } from './browser.ts';
import type { McpClient } from './mcp-clients.ts';
import type { OAuthClient } from './oauth-client.ts';
import { signInByForms } from './sign-in-by-forms.ts';

/**
 * Calls a tool that needs scopes which the client does not have: it has to ask for them by itself, and its person approves.
 * @returns the answer to the same call afterwards, and the scopes that the client asked for.
 */
export async function callWithStepUp(
  { mcpClient, oauthClient, signIn }: { mcpClient: McpClient; oauthClient: OAuthClient; signIn: SignIn },
  name: string,
  parameters: Record<string, unknown>,
) {
  const before = oauthClient.authorizationUrl;
  const outcome = await mcpClient.callTool(name, parameters).catch((error: unknown) => error);
  const asking = oauthClient.authorizationUrl;
  if (asking === before) throw new Error('the client did not ask for more scopes', { cause: outcome });
  await mcpClient.finishAuthorization(await signInByForms(asking, signIn));
  return { ...(await mcpClient.callTool(name, parameters)), asked: asking.searchParams.get('scope')?.split(' ') };
}
