import type { MigrationInterface, QueryRunner } from 'typeorm';

const statements = [
  `ALTER TABLE auth.signing_key
     ADD COLUMN activated_at timestamptz,
     ADD COLUMN retired_at timestamptz,
     ADD COLUMN rotation_requested_at timestamptz`,
  `UPDATE auth.signing_key SET activated_at = created_at WHERE state <> 'next'`,
  `UPDATE auth.signing_key SET retired_at = now() WHERE state = 'retired'`,
  `CREATE UNIQUE INDEX signing_key_active ON auth.signing_key (tenant_id) WHERE state = 'active'`,
  `CREATE UNIQUE INDEX signing_key_next ON auth.signing_key (tenant_id) WHERE state = 'next'`,
];

/** When each signing key changed its state. */
export class KeyLifeCycle1795000000003 implements MigrationInterface {
  readonly name = 'KeyLifeCycle1795000000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX auth.signing_key_active, auth.signing_key_next');
    await queryRunner.query(
      `ALTER TABLE auth.signing_key
         DROP COLUMN activated_at, DROP COLUMN retired_at, DROP COLUMN rotation_requested_at`,
    );
  }
}
