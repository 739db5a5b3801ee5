import { createHash, randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { base32 } from './totp.ts';

const count = 10;
/** 80 bits: nobody finds a code from its digest, so the digest needs no salt and no slow hash. */
const codeBytes = 10;

/** Whose codes they are. */
interface Owner {
  tenantId: string;
  sub: string;
}

/** Makes new codes in the place of the former ones. @returns them as they are shown, this once. */
export async function replaceRecoveryCodes(manager: EntityManager, owner: Owner): Promise<string[]> {
  await deleteRecoveryCodes(manager, owner);
  const codes = Array.from({ length: count }, () => base32(randomBytes(codeBytes)));
  await manager.query(`INSERT INTO auth.recovery_code (tenant_id, sub, digest) SELECT $1, $2, unnest($3::text[])`, [
    owner.tenantId,
    owner.sub,
    codes.map((code) => digestOf(owner, code)),
  ]);
  return codes.map((code) => code.match(/.{4}/g)!.join('-'));
}

/** Uses up a code, typed in any case and with or without its hyphens. False when it is wrong or was used before. */
export async function useRecoveryCode(manager: EntityManager, owner: Owner, typed: string): Promise<boolean> {
  const code = typed.toUpperCase().replaceAll(/[^A-Z2-7]/g, '');
  const [, used]: [unknown, number] = await manager.query(
    `UPDATE auth.recovery_code SET used_at = clock_timestamp()
     WHERE tenant_id = $1 AND sub = $2 AND digest = $3 AND used_at IS NULL`,
    [owner.tenantId, owner.sub, digestOf(owner, code)],
  );
  return used === 1;
}

/** How many codes are left. */
export async function countRecoveryCodes(manager: EntityManager, owner: Owner): Promise<number> {
  const [row] = await manager.query<{ count: number }[]>(
    'SELECT count(*)::int AS count FROM auth.recovery_code WHERE tenant_id = $1 AND sub = $2 AND used_at IS NULL',
    [owner.tenantId, owner.sub],
  );
  return row?.count ?? 0;
}

export async function deleteRecoveryCodes(manager: EntityManager, owner: Owner): Promise<void> {
  await manager.query('DELETE FROM auth.recovery_code WHERE tenant_id = $1 AND sub = $2', [owner.tenantId, owner.sub]);
}

function digestOf(owner: Owner, code: string): string {
  return createHash('sha256').update(`${owner.sub}\n${code}`).digest('base64url');
}
