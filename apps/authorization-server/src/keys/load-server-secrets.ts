import { randomBytes, randomUUID } from 'node:crypto';
import { lockForTransaction } from '@gatehouse/database';
import type { DataSource, EntityManager } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { recordAudit } from '../audit/audit-log.ts';
import type { KeyEncryption } from './key-encryption.ts';
import type { KeyPolicy } from './key-life-cycle.ts';
import { ServerSecret } from './server-secret.entity.ts';
import type { ServerSecretPurpose } from './server-secret.entity.ts';
import { ServerSecrets } from './server-secrets.ts';
import { advanceSigningKeys, keysDoNotOpen, lockSigningKeys, openSigningKeys } from './signing-keys.ts';

const secretBytes = 32;

/**
 * Opens the secrets that all replicas share, and creates those that do not exist yet. Replicas that start together
 * take turns on a lock, so that all use the same ones. What is stored is opened first and never made anew.
 * @throws StartError when the key-encryption key does not open them.
 */
export async function loadServerSecrets(
  dataSource: DataSource,
  encryption: KeyEncryption,
  policy: KeyPolicy,
): Promise<ServerSecrets> {
  return dataSource.transaction(async (manager) => {
    await lockForTransaction(manager, 'server secrets');
    await lockSigningKeys(manager);
    // What is there is opened first: nothing is made beside keys that do not open.
    await openSigningKeys(manager, encryption);
    const secrets = await openSecrets(manager, encryption);
    await advanceSigningKeys(manager, encryption, policy);
    for (const purpose of ['cookie', 'form', 'nonce', 'client_secret'] as const) {
      if (!secrets.has(purpose)) secrets.set(purpose, [await createSecret(manager, encryption, purpose)]);
    }
    return new ServerSecrets({
      signingKeys: await openSigningKeys(manager, encryption),
      cookieKeys: secrets.get('cookie')!.map((key) => key.toString('base64url')),
      formKey: secrets.get('form')![0]!,
      nonceKey: secrets.get('nonce')![0]!,
      clientSecretKey: secrets.get('client_secret')![0]!,
    });
  });
}

/**
 * Opens the key that client secrets are digested under, and creates it when it does not exist yet. The signing keys stay
 * as they are: what is due to them depends on what the servers are set to, which a command does not know.
 * @throws StartError when the key-encryption key does not open what is stored.
 */
export async function loadClientSecretKey(
  dataSource: DataSource,
  encryption: KeyEncryption,
): Promise<Pick<ServerSecrets, 'clientSecretKey'>> {
  return dataSource.transaction(async (manager) => {
    await lockForTransaction(manager, 'server secrets');
    await openSigningKeys(manager, encryption);
    const [present] = (await openSecrets(manager, encryption)).get('client_secret') ?? [];
    return { clientSecretKey: present ?? (await createSecret(manager, encryption, 'client_secret')) };
  });
}

async function openSecrets(
  manager: EntityManager,
  encryption: KeyEncryption,
): Promise<Map<ServerSecretPurpose, Buffer[]>> {
  const secrets = new Map<ServerSecretPurpose, Buffer[]>();
  for (const row of await manager.find(ServerSecret, { order: { createdAt: 'DESC' } })) {
    const opened = open(encryption, `server_secret:${row.id}`, row.sealed);
    secrets.set(row.purpose, [...(secrets.get(row.purpose) ?? []), opened]);
  }
  return secrets;
}

function open(encryption: KeyEncryption, rowId: string, sealed: Buffer): Buffer {
  const opened = encryption.open(rowId, sealed);
  if (opened) return opened;
  throw keysDoNotOpen();
}

async function createSecret(
  manager: EntityManager,
  encryption: KeyEncryption,
  purpose: ServerSecretPurpose,
): Promise<Buffer> {
  const id = randomUUID();
  const secret = randomBytes(secretBytes);
  await manager.insert(ServerSecret, {
    id,
    tenantId: defaultTenant,
    purpose,
    sealed: encryption.seal(`server_secret:${id}`, secret),
  });
  await recordAudit(manager, {
    type: 'server_secret.created',
    tenantId: defaultTenant,
    outcome: 'success',
    actor: 'system',
    details: { id, purpose },
  });
  return secret;
}
