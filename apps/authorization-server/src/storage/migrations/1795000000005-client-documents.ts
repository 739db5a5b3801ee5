import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is known of client ID metadata documents. */
export class ClientDocuments1795000000005 implements MigrationInterface {
  readonly name = 'ClientDocuments1795000000005';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE TABLE auth.client_document (
         url text PRIMARY KEY,
         tenant_id text NOT NULL,
         metadata jsonb,
         refusal text,
         fresh_until timestamptz NOT NULL,
         stale_until timestamptz NOT NULL,
         used_at timestamptz,
         CHECK (metadata IS NOT NULL OR refusal IS NOT NULL)
       )`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE auth.client_document');
  }
}
