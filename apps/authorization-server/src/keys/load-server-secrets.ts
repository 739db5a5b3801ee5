import { randomBytes, randomUUID } from 'node:crypto';
import { lockForTransaction } from '@gatehouse/database';
import { StartError } from '@gatehouse/runtime';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';
import type { DataSource, EntityManager } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { recordAudit } from '../audit/audit-log.ts';
import type { KeyEncryption } from './key-encryption.ts';
import { ServerSecret } from './server-secret.entity.ts';
import type { ServerSecretPurpose } from './server-secret.entity.ts';
import { ServerSecrets } from './server-secrets.ts';
import { SigningKey } from './signing-key.entity.ts';

const secretBytes = 32;

/**
 * Opens the secrets that all replicas share, and creates those that do not exist yet. Replicas that start together
 * take turns on a lock, so that all use the same ones. What is stored is opened first and never made anew.
 * @throws StartError when the key-encryption key does not open them.
 */
export async function loadServerSecrets(dataSource: DataSource, encryption: KeyEncryption): Promise<ServerSecrets> {
  return dataSource.transaction(async (manager) => {
    await lockForTransaction(manager, 'server secrets');
    const signingKeys = await openSigningKeys(manager, encryption);
    const secrets = await openSecrets(manager, encryption);
    if (signingKeys.length === 0) signingKeys.push(await createSigningKey(manager, encryption));
    for (const purpose of ['cookie', 'form', 'nonce'] as const) {
      if (!secrets.has(purpose)) secrets.set(purpose, [await createSecret(manager, encryption, purpose)]);
    }
    return new ServerSecrets({
      signingKeys,
      cookieKeys: secrets.get('cookie')!.map((key) => key.toString('base64url')),
      formKey: secrets.get('form')![0]!,
      nonceKey: secrets.get('nonce')![0]!,
    });
  });
}

async function openSigningKeys(manager: EntityManager, encryption: KeyEncryption): Promise<JWK[]> {
  const rows = await manager.find(SigningKey, { order: { createdAt: 'DESC' } });
  const active = rows.filter((row) => row.state === 'active');
  const others = rows.filter((row) => row.state !== 'active');
  return [...active, ...others].map((row) => {
    const opened = open(encryption, `signing_key:${row.id}`, row.sealedPrivateJwk);
    return JSON.parse(opened.toString('utf8')) as JWK;
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
  throw new StartError(
    'GATEHOUSE_ENCRYPTION_KEY does not open the keys stored in this database: ' +
      'give the key that they were sealed with, or list it in GATEHOUSE_ENCRYPTION_KEY_PREVIOUS.',
  );
}

async function createSigningKey(manager: EntityManager, encryption: KeyEncryption): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const privateJwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(privateJwk);
  const jwk = { ...privateJwk, kid, alg: 'ES256', use: 'sig' };
  await manager.insert(SigningKey, {
    id: kid,
    tenantId: defaultTenant,
    algorithm: 'ES256',
    state: 'active',
    sealedPrivateJwk: encryption.seal(`signing_key:${kid}`, Buffer.from(JSON.stringify(jwk))),
  });
  await recordAudit(manager, {
    type: 'signing_key.created',
    tenantId: defaultTenant,
    outcome: 'success',
    actor: 'system',
    details: { kid, algorithm: 'ES256' },
  });
  return jwk;
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
