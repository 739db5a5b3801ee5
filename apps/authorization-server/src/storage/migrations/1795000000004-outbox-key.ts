import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether a token was revoked is asked by its id. */
export class OutboxKey1795000000004 implements MigrationInterface {
  readonly name = 'OutboxKey1795000000004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE INDEX outbox_key ON auth.outbox (kind, key)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX auth.outbox_key');
  }
}
