import type { StartSettings } from './config.ts';
import type { FirstAdministrator } from './first-administrator.ts';
import { say } from './output.ts';

/** What a newcomer needs once the stack is ready. */
export function showBanner(
  settings: StartSettings,
  { mcpUrl, issuer }: { mcpUrl: string; issuer: string },
  { passwordShown }: { passwordShown: boolean },
): void {
  const configuration = { mcpServers: { gatehouse: { type: 'http', url: mcpUrl } } };
  const lines = [
    '',
    `  MCP URL       ${mcpUrl}`,
    `  sign in as    ${settings.GATEHOUSE_ADMIN_EMAIL}, ${passwordOrigin(settings, passwordShown)}`,
    `  your account  ${issuer.replace(/\/$/, '')}/account`,
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

/** The sign-in of the administrator who was just made. */
export function showSignIn(administrator: FirstAdministrator): void {
  const lines = [
    '',
    `  sign in as    ${administrator.email}`,
    `  password      ${administrator.password} (shown this once)`,
    '',
  ];
  say(lines.join('\n'));
}

function passwordOrigin(settings: StartSettings, passwordShown: boolean): string {
  if (passwordShown) return 'with the password shown above';
  if (settings.GATEHOUSE_ADMIN_PASSWORD === undefined) return 'with the password that the first start showed';
  return 'with GATEHOUSE_ADMIN_PASSWORD';
}
