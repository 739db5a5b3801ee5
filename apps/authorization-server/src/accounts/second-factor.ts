import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { KeyEncryption } from '../keys/key-encryption.ts';
import type { Account } from './account.entity.ts';
import { Authenticator } from './authenticator.entity.ts';
import { countRecoveryCodes, deleteRecoveryCodes, replaceRecoveryCodes, useRecoveryCode } from './recovery-codes.ts';
import { findTotpStep } from './totp.ts';

type Owner = Pick<Account, 'tenantId' | 'sub'>;

/** What a code was: why it was refused is for the audit, never for the person. */
export type CodeCheck = { isRight: true; method: 'totp' | 'recovery_code' } | { isRight: false; reason: CodeRefusal };
type CodeRefusal = 'wrong_code' | 'replayed_code';

/** The second step of a sign-in: an authenticator app, and recovery codes for when it is lost. */
@Injectable()
export class SecondFactor {
  readonly #encryption: KeyEncryption;

  constructor(encryption: KeyEncryption) {
    this.#encryption = encryption;
  }

  /** Whether the account has one, and how many recovery codes are left. */
  async describe(
    manager: EntityManager,
    owner: Owner,
  ): Promise<{ since: Date; recoveryCodesLeft: number } | undefined> {
    const { tenantId, sub } = owner;
    const found = await manager.findOneBy(Authenticator, { tenantId, sub });
    return found ? { since: found.createdAt, recoveryCodesLeft: await countRecoveryCodes(manager, owner) } : undefined;
  }

  async isOn(manager: EntityManager, { tenantId, sub }: Owner): Promise<boolean> {
    return await manager.existsBy(Authenticator, { tenantId, sub });
  }

  /**
   * Adds the authenticator that shows this code for this secret.
   * @returns recovery codes, shown this once.
   */
  async turnOn(
    manager: EntityManager,
    owner: Owner,
    enrolment: { secret: Buffer; code: string },
  ): Promise<string[] | 'wrong-code' | 'already-on'> {
    const step = findTotpStep(enrolment.secret, digitsOf(enrolment.code));
    if (step === undefined) return 'wrong-code';
    const { tenantId, sub } = owner;
    const added: unknown[] = await manager.query(
      `INSERT INTO auth.authenticator (tenant_id, sub, sealed_secret, last_step) VALUES ($1, $2, $3, $4)
       ON CONFLICT (tenant_id, sub) DO NOTHING RETURNING sub`,
      [tenantId, sub, this.#encryption.seal(rowName(owner), enrolment.secret), step],
    );
    if (added.length === 0) {
      // The answer to the same form was lost, and with it the codes.
      return (await this.#isFrom(manager, owner, { ...enrolment, step }))
        ? await replaceRecoveryCodes(manager, owner)
        : 'already-on';
    }
    await recordAudit(manager, { type: 'second_factor.added', tenantId, outcome: 'success', actor: sub });
    return await replaceRecoveryCodes(manager, owner);
  }

  /** Takes the authenticator and the recovery codes away. False when there was none. */
  async turnOff(manager: EntityManager, owner: Owner, actor: string = owner.sub): Promise<boolean> {
    const { tenantId, sub } = owner;
    const { affected } = await manager.delete(Authenticator, { tenantId, sub });
    if (affected !== 1) return false;
    await deleteRecoveryCodes(manager, owner);
    await recordAudit(manager, { type: 'second_factor.removed', tenantId, outcome: 'success', actor, onBehalfOf: sub });
    return true;
  }

  /** Makes new recovery codes; the former ones are void. */
  async renewRecoveryCodes(manager: EntityManager, owner: Owner): Promise<string[]> {
    const { tenantId, sub } = owner;
    await recordAudit(manager, { type: 'recovery_codes.renewed', tenantId, outcome: 'success', actor: sub });
    return await replaceRecoveryCodes(manager, owner);
  }

  /** Checks a code and uses it up, in the transaction of what it is good for. */
  async check(manager: EntityManager, owner: Owner, typed: string): Promise<CodeCheck> {
    const code = digitsOf(typed);
    if (/^\d{6}$/.test(code)) return await this.#checkTotp(manager, owner, code);
    if (!(await useRecoveryCode(manager, owner, typed))) return { isRight: false, reason: 'wrong_code' };
    const { tenantId, sub } = owner;
    await recordAudit(manager, { type: 'recovery_code.used', tenantId, outcome: 'success', actor: sub });
    return { isRight: true, method: 'recovery_code' };
  }

  async #checkTotp(manager: EntityManager, owner: Owner, code: string): Promise<CodeCheck> {
    const { tenantId, sub } = owner;
    const found = await this.#find(manager, owner);
    const step = found && findTotpStep(found.secret, code);
    if (step === undefined) return { isRight: false, reason: 'wrong_code' };
    // RFC 6238 §5.2: a code is accepted once. One statement decides, whichever replica is asked.
    const [, used]: [unknown, number] = await manager.query(
      `UPDATE auth.authenticator SET last_step = $3 WHERE tenant_id = $1 AND sub = $2 AND last_step < $3`,
      [tenantId, sub, step],
    );
    return used === 1 ? { isRight: true, method: 'totp' } : { isRight: false, reason: 'replayed_code' };
  }

  /** True when the authenticator was added with this very secret and code. */
  async #isFrom(manager: EntityManager, owner: Owner, enrolment: { secret: Buffer; step: number }): Promise<boolean> {
    const found = await this.#find(manager, owner);
    return found !== undefined && found.secret.equals(enrolment.secret) && found.lastStep === enrolment.step;
  }

  async #find(manager: EntityManager, owner: Owner): Promise<{ secret: Buffer; lastStep: number } | undefined> {
    const { tenantId, sub } = owner;
    const found = await manager.findOneBy(Authenticator, { tenantId, sub });
    if (!found) return undefined;
    const secret = this.#encryption.open(rowName(owner), found.sealedSecret);
    if (!secret) throw new Error('The secret of an authenticator does not open for its account.');
    return { secret, lastStep: Number(found.lastStep) };
  }
}

/** Apps show a code in two halves. */
function digitsOf(typed: string): string {
  return typed.replaceAll(/\s/g, '');
}

function rowName({ tenantId, sub }: Owner): string {
  return `authenticator:${tenantId}:${sub}`;
}
