import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds the grants of an account to a client that have not ended, of which there may be only so many. */
export class LivingGrants1795000000022 implements MigrationInterface {
  readonly name = 'LivingGrants1795000000022';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'CREATE INDEX oauth_grant_living ON auth.oauth_grant (account_id, oauth_client_id) WHERE ended_at IS NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX auth.oauth_grant_living');
  }
}
