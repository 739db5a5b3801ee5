import type { MigrationInterface, QueryRunner } from 'typeorm';

const statements = [
  `CREATE TABLE auth.authenticator (
     tenant_id text NOT NULL,
     sub text NOT NULL,
     sealed_secret bytea NOT NULL,
     last_step bigint NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (tenant_id, sub)
   )`,
  `CREATE TABLE auth.recovery_code (
     tenant_id text NOT NULL,
     sub text NOT NULL,
     digest text NOT NULL,
     used_at timestamptz,
     PRIMARY KEY (tenant_id, sub, digest)
   )`,
  `CREATE TABLE auth.pending_sign_in (
     tenant_id text NOT NULL,
     page text NOT NULL,
     browser_digest text NOT NULL,
     sub text NOT NULL,
     expires_at timestamptz NOT NULL,
     PRIMARY KEY (tenant_id, page, browser_digest)
   )`,
  `CREATE INDEX pending_sign_in_expiry ON auth.pending_sign_in (expires_at)`,
  `ALTER TABLE auth.login_throttle DROP CONSTRAINT login_throttle_kind_check`,
  `ALTER TABLE auth.login_throttle
     ADD CONSTRAINT login_throttle_kind_check CHECK (kind IN ('account', 'address', 'code'))`,
];

/** Authenticators, recovery codes, and sign-ins whose code is awaited. */
export class SecondFactor1795000000012 implements MigrationInterface {
  readonly name = 'SecondFactor1795000000012';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['pending_sign_in', 'recovery_code', 'authenticator']) {
      await queryRunner.query(`DROP TABLE auth.${table}`);
    }
    await queryRunner.query(`DELETE FROM auth.login_throttle WHERE kind = 'code'`);
    await queryRunner.query('ALTER TABLE auth.login_throttle DROP CONSTRAINT login_throttle_kind_check');
    await queryRunner.query(
      `ALTER TABLE auth.login_throttle
         ADD CONSTRAINT login_throttle_kind_check CHECK (kind IN ('account', 'address'))`,
    );
  }
}
