import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts that an operator closed; and an audit log that no session setting can change. */
export class DisabledAccounts1795000000010 implements MigrationInterface {
  readonly name = 'DisabledAccounts1795000000010';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE auth.account ADD COLUMN disabled_at timestamptz');
    // Else `session_replication_role = replica` would switch it off.
    await queryRunner.query('ALTER TABLE auth.audit_row ENABLE ALWAYS TRIGGER audit_row_append_only');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE auth.audit_row ENABLE TRIGGER audit_row_append_only');
    await queryRunner.query('ALTER TABLE auth.account DROP COLUMN disabled_at');
  }
}
