import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Logos of clients, which are served from here. */
export class ClientLogos1795000000008 implements MigrationInterface {
  readonly name = 'ClientLogos1795000000008';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE TABLE auth.client_logo (
         url text PRIMARY KEY,
         tenant_id text NOT NULL,
         digest text,
         media_type text,
         image bytea,
         fresh_until timestamptz NOT NULL
       )`,
    );
    await queryRunner.query('CREATE INDEX client_logo_digest ON auth.client_logo (digest)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE auth.client_logo');
  }
}
