import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which grants are marked, so that their clients ask for more scopes. */
export class StepUp1795000000021 implements MigrationInterface {
  readonly name = 'StepUp1795000000021';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'ALTER TABLE auth.oauth_grant ADD COLUMN step_up_until timestamptz, ADD COLUMN step_up_asked_at timestamptz',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE auth.oauth_grant DROP COLUMN step_up_until, DROP COLUMN step_up_asked_at');
  }
}
