import type { MigrationInterface, QueryRunner } from 'typeorm';

const statements = [
  `CREATE TABLE auth.browser_session (
     uid text PRIMARY KEY,
     tenant_id text NOT NULL,
     id_digest text,
     sub text,
     payload jsonb NOT NULL,
     user_agent text,
     address text,
     last_used_at timestamptz NOT NULL,
     expires_at timestamptz NOT NULL,
     ended_at timestamptz
   )`,
  `CREATE UNIQUE INDEX browser_session_id ON auth.browser_session (id_digest)`,
  `CREATE INDEX browser_session_sub ON auth.browser_session (sub)`,
  `CREATE INDEX browser_session_expiry ON auth.browser_session (expires_at)`,
  // The digest is that of `bearerId`: SHA-256 in base64url. The end is that of `sessionLifetime`, eight hours after the last
  // known use and a day after the login: before, sessions lasted for two weeks.
  `INSERT INTO auth.browser_session (uid, tenant_id, id_digest, sub, payload, last_used_at, expires_at)
   SELECT DISTINCT ON (uid) uid, tenant_id,
          translate(rtrim(encode(sha256(convert_to(id, 'UTF8')), 'base64'), '='), '+/', '-_'),
          payload->>'accountId', payload - 'jti', created_at, ends_at
   FROM (
     SELECT *, least(expires_at, created_at + interval '8 hours',
                     to_timestamp((payload->>'loginTs')::float8) + interval '1 day') AS ends_at
     FROM auth.provider_record WHERE kind = 'Session' AND uid IS NOT NULL
   ) AS session WHERE ends_at > now() ORDER BY uid, created_at DESC`,
  `DELETE FROM auth.provider_record WHERE kind = 'Session'`,
  // When a token of the grant was last issued, to the minute.
  `ALTER TABLE auth.oauth_grant ADD COLUMN last_used_at timestamptz`,
  `UPDATE auth.oauth_grant AS present SET last_used_at =
     (SELECT max(created_at) FROM auth.refresh_token WHERE grant_id = present.id)
   WHERE ended_at IS NULL`,
];

/** Browser sessions with their owner and last use, and the last use of grants. */
export class BrowserSessions1795000000011 implements MigrationInterface {
  readonly name = 'BrowserSessions1795000000011';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE auth.browser_session');
    await queryRunner.query('ALTER TABLE auth.oauth_grant DROP COLUMN last_used_at');
  }
}
