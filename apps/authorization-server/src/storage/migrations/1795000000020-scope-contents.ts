import type { MigrationInterface, QueryRunner } from 'typeorm';

const statements = [
  `CREATE TABLE auth.scope_version (
     tenant_id text NOT NULL,
     scope text NOT NULL,
     version text NOT NULL,
     tools jsonb NOT NULL,
     superseded_at timestamptz,
     PRIMARY KEY (tenant_id, scope, version)
   )`,
  `CREATE INDEX scope_version_superseded ON auth.scope_version (superseded_at)`,
];

/** What each version of a scope opens, so that a grant of before keeps it. */
export class ScopeContents1795000000020 implements MigrationInterface {
  readonly name = 'ScopeContents1795000000020';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE auth.scope_version');
  }
}
