import type { MigrationInterface, QueryRunner } from 'typeorm';

const statements = [
  `ALTER TABLE auth.oauth_grant ADD COLUMN scope_versions jsonb NOT NULL DEFAULT '{}'`,
  // Grants of before hold for what their account has consented to; the newest consent counts.
  `UPDATE auth.oauth_grant AS present SET scope_versions = consented.versions
   FROM (
     SELECT tenant_id, sub, oauth_client_id, resource, jsonb_object_agg(one.key, one.value ORDER BY given_at) AS versions
     FROM auth.consent CROSS JOIN LATERAL jsonb_each(scopes) AS one
     GROUP BY tenant_id, sub, oauth_client_id, resource
   ) AS consented
   WHERE present.tenant_id = consented.tenant_id AND present.account_id = consented.sub
     AND present.oauth_client_id = consented.oauth_client_id AND present.payload->'resources' ? consented.resource`,
];

/** The versions of the scopes that a grant was given for. */
export class ScopeVersions1795000000002 implements MigrationInterface {
  readonly name = 'ScopeVersions1795000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE auth.oauth_grant DROP COLUMN scope_versions');
  }
}
