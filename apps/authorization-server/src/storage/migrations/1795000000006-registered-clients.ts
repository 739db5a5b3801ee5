import type { MigrationInterface, QueryRunner } from 'typeorm';

const statements = [
  `ALTER TABLE auth.oauth_client ADD COLUMN registration text NOT NULL DEFAULT 'dynamic'
     CHECK (registration IN ('dynamic', 'pre-registered'))`,
  `CREATE TABLE auth.client_secret (
     oauth_client_id text NOT NULL,
     digest text NOT NULL,
     tenant_id text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     expires_at timestamptz,
     PRIMARY KEY (oauth_client_id, digest)
   )`,
  `CREATE TABLE auth.initial_access_token (
     id text PRIMARY KEY,
     tenant_id text NOT NULL,
     digest text NOT NULL,
     label text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     expires_at timestamptz NOT NULL,
     used_at timestamptz,
     oauth_client_id text
   )`,
  `CREATE UNIQUE INDEX initial_access_token_digest ON auth.initial_access_token (digest)`,
  // What belongs to a client is found by it when it goes.
  `CREATE INDEX IF NOT EXISTS oauth_grant_client ON auth.oauth_grant (oauth_client_id)`,
  `CREATE INDEX provider_record_client ON auth.provider_record ((payload->>'clientId'))
     WHERE kind = 'RegistrationAccessToken'`,
  // The program knows what its secrets are for; a list here would have to change with every new one.
  `ALTER TABLE auth.server_secret DROP CONSTRAINT IF EXISTS server_secret_purpose_check`,
];

/** Pre-registered clients and their secrets, initial access tokens. */
export class RegisteredClients1795000000006 implements MigrationInterface {
  readonly name = 'RegisteredClients1795000000006';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX auth.provider_record_client, auth.oauth_grant_client');
    await queryRunner.query('DROP TABLE auth.client_secret, auth.initial_access_token');
    await queryRunner.query('ALTER TABLE auth.oauth_client DROP COLUMN registration');
  }
}
