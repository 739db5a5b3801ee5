import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { withManager } from '../storage/unit-of-work.ts';
import { Account } from './account.entity.ts';
import { emailKey } from './email-key.ts';

/** The accounts of this server, by their internal `sub`. */
@Injectable()
export class Accounts {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** One that an operator disabled is as good as gone. */
  async find(sub: string): Promise<Account | undefined> {
    const rows = await withManager(this.#dataSource, (manager) =>
      manager.query<Account[]>(
        `SELECT sub, tenant_id AS "tenantId", email, email_key AS "emailKey", password_hash AS "passwordHash", roles,
                created_at AS "createdAt", disabled_at AS "disabledAt"
         FROM auth.account WHERE sub = $1 AND disabled_at IS NULL`,
        [sub],
      ),
    );
    return rows[0];
  }
}

/** Writes a new account and its audit row. The e-mail must be free within the tenant: the table says so. */
export async function createAccount(
  manager: EntityManager,
  account: { tenantId: string; email: string; passwordHash: string; roles: string[] },
): Promise<Account> {
  const created = await manager.save(
    manager.create(Account, { ...account, sub: randomUUID(), emailKey: emailKey(account.email) }),
  );
  await recordAudit(manager, {
    type: 'account.created',
    tenantId: account.tenantId,
    outcome: 'success',
    actor: 'system',
    onBehalfOf: created.sub,
    details: { roles: account.roles },
  });
  return created;
}
