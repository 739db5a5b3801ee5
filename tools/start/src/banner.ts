import type { StartSettings } from './config.ts';
import type { FirstAdministrator } from './first-administrator.ts';
import { say } from './output.ts';

/** What a newcomer needs once the stack is ready. */
export function showBanner(
  settings: StartSettings,
  mcpUrl: string,
  administrator: FirstAdministrator | undefined,
): void {
  const configuration = { mcpServers: { gatehouse: { type: 'http', url: mcpUrl } } };
  const lines = [
    '',
    `  MCP URL       ${mcpUrl}`,
    ...signIn(settings, administrator).map((line) => `  ${line}`),
    `  files served  ${settings.FILES_ROOT}`,
    '',
    "  Paste into an MCP client's configuration (more clients: README.md):",
    `  ${JSON.stringify(configuration)}`,
    `  claude mcp add --transport http gatehouse ${mcpUrl}`,
    '',
    '  A second worker: npm run worker. Stop: Ctrl-C.',
    '',
  ];
  say(lines.join('\n'));
}

/** The sign-in alone, for a stack that made the administrator and then did not become ready. */
export function showSignIn(settings: StartSettings, administrator: FirstAdministrator): void {
  say(signIn(settings, administrator).join('\n'));
}

function signIn(settings: StartSettings, administrator: FirstAdministrator | undefined): string[] {
  if (administrator) {
    return [`sign in as    ${administrator.email}`, `password      ${administrator.password} (shown this once)`];
  }
  const origin =
    settings.GATEHOUSE_ADMIN_PASSWORD === undefined
      ? 'with the password that the first start showed'
      : 'with GATEHOUSE_ADMIN_PASSWORD';
  return [`sign in as    ${settings.GATEHOUSE_ADMIN_EMAIL}, ${origin}`];
}
