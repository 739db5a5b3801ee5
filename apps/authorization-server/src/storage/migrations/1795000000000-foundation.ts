import type { MigrationInterface, QueryRunner } from 'typeorm';

const statements = [
  `CREATE TABLE auth.oauth_client (
     id text PRIMARY KEY,
     tenant_id text NOT NULL,
     metadata jsonb NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     last_used_at timestamptz
   )`,
  `CREATE TABLE auth.oauth_grant (
     id text PRIMARY KEY,
     tenant_id text NOT NULL,
     account_id text,
     oauth_client_id text NOT NULL,
     payload jsonb NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     expires_at timestamptz NOT NULL,
     ended_at timestamptz
   )`,
  `CREATE INDEX oauth_grant_account ON auth.oauth_grant (account_id)`,
  `CREATE INDEX oauth_grant_expiry ON auth.oauth_grant (expires_at)`,
  `CREATE TABLE auth.refresh_token (
     id text PRIMARY KEY,
     tenant_id text NOT NULL,
     grant_id text NOT NULL,
     payload jsonb NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     expires_at timestamptz NOT NULL,
     consumed_at timestamptz,
     sealed_successor bytea,
     revoked_at timestamptz
   )`,
  `CREATE INDEX refresh_token_grant ON auth.refresh_token (grant_id)`,
  `CREATE INDEX refresh_token_expiry ON auth.refresh_token (expires_at)`,
  `CREATE TABLE auth.provider_record (
     kind text NOT NULL,
     id text NOT NULL,
     tenant_id text NOT NULL,
     payload jsonb NOT NULL,
     grant_id text,
     uid text,
     consumed_at timestamptz,
     created_at timestamptz NOT NULL DEFAULT now(),
     expires_at timestamptz,
     PRIMARY KEY (kind, id)
   )`,
  `CREATE INDEX provider_record_grant ON auth.provider_record (grant_id)`,
  `CREATE INDEX provider_record_uid ON auth.provider_record (uid)`,
  `CREATE INDEX provider_record_expiry ON auth.provider_record (expires_at)`,
  `CREATE TABLE auth.protected_resource (
     tenant_id text NOT NULL,
     server text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (tenant_id, server)
   )`,
  `CREATE TABLE auth.resource_scope (
     tenant_id text NOT NULL,
     scope text NOT NULL,
     server text NOT NULL,
     version text NOT NULL,
     updated_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (tenant_id, scope)
   )`,
  `CREATE TABLE auth.signing_key (
     id text PRIMARY KEY,
     tenant_id text NOT NULL,
     algorithm text NOT NULL,
     state text NOT NULL CHECK (state IN ('next', 'active', 'retired')),
     sealed_private_jwk bytea NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  `CREATE TABLE auth.server_secret (
     id text PRIMARY KEY,
     tenant_id text NOT NULL,
     purpose text NOT NULL CHECK (purpose IN ('cookie', 'form', 'nonce')),
     sealed bytea NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  `CREATE TABLE auth.outbox (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     tenant_id text NOT NULL,
     kind text NOT NULL,
     key text NOT NULL,
     expires_at timestamptz NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     published_at timestamptz
   )`,
  `CREATE INDEX outbox_unpublished ON auth.outbox (id) WHERE published_at IS NULL`,
  `CREATE INDEX outbox_expiry ON auth.outbox (expires_at)`,
  `CREATE TABLE auth.rate_window (
     tenant_id text NOT NULL,
     bucket text NOT NULL,
     window_start timestamptz NOT NULL,
     count integer NOT NULL,
     PRIMARY KEY (tenant_id, bucket)
   )`,
  `CREATE TABLE auth.audit_row (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     tenant_id text NOT NULL,
     occurred_at timestamptz NOT NULL DEFAULT now(),
     type text NOT NULL,
     outcome text NOT NULL CHECK (outcome IN ('success', 'failure')),
     actor text,
     on_behalf_of text,
     oauth_client_id text,
     address text,
     reason text,
     trace_id text,
     details jsonb
   )`,
  `CREATE INDEX audit_row_time ON auth.audit_row (occurred_at)`,
  `CREATE FUNCTION auth.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
   $$ BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME; END $$`,
  `CREATE TRIGGER audit_row_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON auth.audit_row
     FOR EACH STATEMENT EXECUTE FUNCTION auth.refuse_change()`,
];

/** The tables of clients, grants, tokens, keys, resources, revocations and the audit log. */
export class Foundation1795000000000 implements MigrationInterface {
  readonly name = 'Foundation1795000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements) await queryRunner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('The first migration is undone by dropping the schema auth.');
  }
}
