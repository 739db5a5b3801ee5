import { lockForTransaction } from '@gatehouse/database';
import { StartError } from '@gatehouse/runtime';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';
import type { DataSource, EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import type { AuditEvent } from '../audit/audit-log.ts';
import { defaultTenant, nameEncryptionKey } from '../config.ts';
import type { KeyEncryption } from './key-encryption.ts';
import { dueStep, policyOfCommands } from './key-life-cycle.ts';
import type { KeyAge, KeyPolicy, KeyStep } from './key-life-cycle.ts';
import { SigningKey } from './signing-key.entity.ts';

/** Every key with its state and ages: the active one, the next one, the retired ones, oldest first. */
export function readKeyAges(manager: EntityManager): Promise<KeyAge[]> {
  return manager.query(
    `SELECT id, state, algorithm,
            extract(epoch FROM now() - created_at)::float8 AS "ageSeconds",
            extract(epoch FROM now() - activated_at)::float8 AS "activeSeconds",
            extract(epoch FROM now() - retired_at)::float8 AS "retiredSeconds",
            rotation_requested_at IS NOT NULL AS "rotationRequested"
     FROM auth.signing_key WHERE tenant_id = $1 ORDER BY state, created_at, id`,
    [defaultTenant],
  );
}

/**
 * The private keys: the active one first, which signs, then the others, which are published.
 * @throws StartError when the key-encryption key does not open them.
 */
export async function openSigningKeys(manager: EntityManager, encryption: KeyEncryption): Promise<JWK[]> {
  const rows = await manager.find(SigningKey, { order: { createdAt: 'DESC' } });
  const active = rows.filter((row) => row.state === 'active');
  const others = rows.filter((row) => row.state !== 'active');
  return [...active, ...others].map((row) => {
    const opened = encryption.open(`signing_key:${row.id}`, row.sealedPrivateJwk);
    if (!opened) throw keysDoNotOpen();
    return JSON.parse(opened.toString('utf8')) as JWK;
  });
}

/** The one sentence for a key-encryption key that is not the one of this database. */
export function keysDoNotOpen(): StartError {
  return new StartError(
    `${nameEncryptionKey()} does not open the keys stored in this database: ` +
      'give the key that they were sealed with, or list it in GATEHOUSE_ENCRYPTION_KEY_PREVIOUS.',
  );
}

/** Takes every step that is due. Part of a transaction that holds {@link lockSigningKeys}. */
export async function advanceSigningKeys(
  manager: EntityManager,
  encryption: KeyEncryption,
  policy: KeyPolicy,
): Promise<void> {
  for (;;) {
    const step = dueStep(await readKeyAges(manager), policy);
    if (!step) return;
    await take(manager, encryption, step);
  }
}

/** Whoever changes signing keys holds this lock, on whichever replica. */
export function lockSigningKeys(manager: EntityManager): Promise<void> {
  return lockForTransaction(manager, 'signing keys');
}

/**
 * Asks for the exchange of the active key. The servers follow as soon as the next one has been published for long enough
 * by what they are set to.
 * @returns for how many seconds it has been published.
 */
export async function requestRotation(dataSource: DataSource): Promise<number> {
  return dataSource.transaction(async (manager) => {
    await lockSigningKeys(manager);
    await manager.query(`UPDATE auth.signing_key SET rotation_requested_at = now() WHERE state = 'active'`);
    const next = (await readKeyAges(manager)).find(({ state }) => state === 'next');
    await audit(manager, { type: 'signing_key.rotation_requested' });
    return Math.floor(next?.ageSeconds ?? 0);
  });
}

/**
 * Emergency: takes a key out of the set at once, whatever it signed; tokens of it are refused wherever the new set is known.
 * The next key signs in its place.
 * @returns false when there is no such key.
 */
export async function revokeSigningKey(
  dataSource: DataSource,
  encryption: KeyEncryption,
  id: string,
): Promise<boolean> {
  return dataSource.transaction(async (manager) => {
    await lockSigningKeys(manager);
    const [, deleted]: [unknown, number] = await manager.query('DELETE FROM auth.signing_key WHERE id = $1', [id]);
    if (deleted === 0) return false;
    await audit(manager, { type: 'signing_key.revoked', details: { kid: id } });
    await advanceSigningKeys(manager, encryption, policyOfCommands);
    return true;
  });
}

async function take(manager: EntityManager, encryption: KeyEncryption, step: KeyStep): Promise<void> {
  if (step.kind === 'create') return createSigningKey(manager, encryption, step);
  if (step.kind === 'remove') {
    await manager.query('DELETE FROM auth.signing_key WHERE id = $1', [step.id]);
    return audit(manager, { type: 'signing_key.removed', details: { kid: step.id } });
  }
  await manager.query(
    `UPDATE auth.signing_key SET state = 'retired', retired_at = now(), rotation_requested_at = NULL
     WHERE state = 'active'`,
  );
  await manager.query(`UPDATE auth.signing_key SET state = 'active', activated_at = now() WHERE id = $1`, [step.id]);
  return audit(manager, { type: 'signing_key.activated', reason: step.reason, details: { kid: step.id } });
}

async function createSigningKey(
  manager: EntityManager,
  encryption: KeyEncryption,
  { state, algorithm }: Extract<KeyStep, { kind: 'create' }>,
): Promise<void> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const privateJwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(privateJwk);
  const jwk = { ...privateJwk, kid, alg: algorithm, use: 'sig' };
  await manager.insert(SigningKey, {
    id: kid,
    tenantId: defaultTenant,
    algorithm,
    state,
    sealedPrivateJwk: encryption.seal(`signing_key:${kid}`, Buffer.from(JSON.stringify(jwk))),
    activatedAt: state === 'active' ? () => 'now()' : null,
  });
  await audit(manager, { type: 'signing_key.created', details: { kid, algorithm, state } });
}

function audit(manager: EntityManager, event: Pick<AuditEvent, 'type' | 'reason' | 'details'>): Promise<void> {
  return recordAudit(manager, { actor: 'system', ...event, tenantId: defaultTenant, outcome: 'success' });
}
