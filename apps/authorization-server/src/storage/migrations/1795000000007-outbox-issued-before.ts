import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Revocations of accounts and clients hit what was issued before. */
export class OutboxIssuedBefore1795000000007 implements MigrationInterface {
  readonly name = 'OutboxIssuedBefore1795000000007';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE auth.outbox ADD COLUMN issued_before timestamptz');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE auth.outbox DROP COLUMN issued_before');
  }
}
