import type { MigrationInterface, QueryRunner } from 'typeorm';

const statements = [
  `CREATE TABLE auth.account (
     sub text PRIMARY KEY,
     tenant_id text NOT NULL,
     email text NOT NULL,
     email_key text NOT NULL,
     password_hash text NOT NULL,
     roles text[] NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     CONSTRAINT account_email UNIQUE (tenant_id, email_key)
   )`,
  `CREATE TABLE auth.first_administrator (
     tenant_id text PRIMARY KEY,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  `CREATE TABLE auth.login_throttle (
     tenant_id text NOT NULL,
     kind text NOT NULL CHECK (kind IN ('account', 'address')),
     key text NOT NULL,
     level double precision NOT NULL,
     updated_at timestamptz NOT NULL,
     refusal_audited_at timestamptz,
     PRIMARY KEY (tenant_id, kind, key)
   )`,
  `CREATE INDEX login_throttle_time ON auth.login_throttle (updated_at)`,
  `CREATE TABLE auth.known_browser (
     tenant_id text NOT NULL,
     sub text NOT NULL,
     browser_digest text NOT NULL,
     last_login_at timestamptz NOT NULL,
     PRIMARY KEY (tenant_id, sub, browser_digest)
   )`,
  `CREATE INDEX known_browser_time ON auth.known_browser (last_login_at)`,
  `CREATE TABLE auth.client_approval (
     id uuid PRIMARY KEY,
     tenant_id text NOT NULL,
     browser_digest text NOT NULL,
     oauth_client_id text NOT NULL,
     redirect_uri text NOT NULL,
     resource text NOT NULL,
     scopes jsonb NOT NULL,
     sub text,
     expires_at timestamptz NOT NULL,
     spent_at timestamptz
   )`,
  `CREATE INDEX client_approval_expiry ON auth.client_approval (expires_at)`,
  `CREATE TABLE auth.consent (
     tenant_id text NOT NULL,
     sub text NOT NULL,
     oauth_client_id text NOT NULL,
     redirect_uri text NOT NULL,
     resource text NOT NULL,
     scopes jsonb NOT NULL,
     given_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (tenant_id, sub, oauth_client_id, redirect_uri, resource)
   )`,
  `CREATE INDEX consent_client ON auth.consent (oauth_client_id)`,
];

/** The tables of accounts, sign-in throttling, approvals and consents. */
export class AccountsAndConsents1795000000001 implements MigrationInterface {
  readonly name = 'AccountsAndConsents1795000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of [
      'consent',
      'client_approval',
      'known_browser',
      'login_throttle',
      'first_administrator',
      'account',
    ]) {
      await queryRunner.query(`DROP TABLE auth.${table}`);
    }
  }
}
