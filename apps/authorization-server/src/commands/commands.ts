import { accountCommands } from './accounts.ts';
import { auditCommands } from './audit.ts';
import { clientCommands } from './clients.ts';
import type { Command } from './command.ts';
import { declarationCommands } from './declaration.ts';
import { grantCommands } from './grants.ts';
import { initialAccessTokenCommands } from './initial-access-tokens.ts';
import { keyCommands } from './keys.ts';
import { scopeCommands } from './scopes.ts';
import { tokenCommands } from './tokens.ts';

/** Every command of an operator. */
export const commands: readonly Command[] = [
  ...declarationCommands,
  ...clientCommands,
  ...initialAccessTokenCommands,
  ...accountCommands,
  ...grantCommands,
  ...tokenCommands,
  ...scopeCommands,
  ...keyCommands,
  ...auditCommands,
];
