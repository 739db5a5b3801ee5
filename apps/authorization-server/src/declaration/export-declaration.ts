import { stringify } from 'yaml';
import type { Account } from '../accounts/account.entity.ts';
import type { RegisteredClient } from '../clients/pre-registered-clients.ts';
import { fieldsOf as fieldsOfAccount } from './declare-accounts.ts';
import { fieldsOf as fieldsOfClient } from './declare-clients.ts';

/**
 * A declaration of what there is, as YAML. Secrets are not known: each is a reference to a variable, named after its
 * client, which whoever applies the declaration sets.
 */
export function exportDeclaration(clients: RegisteredClient[], accounts: Account[]): string {
  const declaration = {
    version: 1,
    clients: clients.map((client) => ({
      client_id: client.oauthClientId,
      ...fieldsOfClient(client),
      ...secretOf(client),
    })),
    accounts: accounts.map(fieldsOfAccount),
  };
  return stringify(declaration, { lineWidth: 0 });
}

function secretOf({ oauthClientId, definition }: RegisteredClient): { client_secret?: string } {
  if (!definition.authentication.method.startsWith('client_secret_')) return {};
  return {
    client_secret: `env:${oauthClientId
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]+/g, '_')
      .replace(/^(?=\d)/, '_')}_SECRET`,
  };
}
