import { PreRegisteredClients } from '../clients/pre-registered-clients.ts';
import { readKeyEncryption } from '../keys/key-encryption.ts';
import { loadClientSecretKey } from '../keys/load-server-secrets.ts';
import type { CommandContext } from './command.ts';

/**
 * The pre-registered clients, whose secrets are digested under a key that the key-encryption key opens.
 * @throws StartError when it does not.
 */
export async function openPreRegisteredClients({
  dataSource,
  settings,
}: CommandContext): Promise<PreRegisteredClients> {
  return new PreRegisteredClients(await loadClientSecretKey(dataSource, readKeyEncryption(settings)));
}
