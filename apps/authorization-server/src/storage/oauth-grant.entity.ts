import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What an account granted to an OAuth client: the `gid` of its tokens. It ends by revocation or expiry. */
@Entity({ name: 'oauth_grant' })
@Index('oauth_grant_account', ['accountId'])
@Index('oauth_grant_client', ['oauthClientId'])
@Index('oauth_grant_expiry', ['expiresAt'])
@Index('oauth_grant_living', ['accountId', 'oauthClientId'], { where: 'ended_at IS NULL' })
export class OauthGrant {
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text', { name: 'account_id', nullable: true })
  accountId!: string | null;

  @Column('text', { name: 'oauth_client_id' })
  oauthClientId!: string;

  @Column('jsonb')
  payload!: Record<string, unknown>;

  /** Scope to the version that was consented to. */
  @Column('jsonb', { name: 'scope_versions', default: {} })
  scopeVersions!: Record<string, string>;

  /** Until when the client's next refresh is refused, so that it asks for more scopes. */
  @Column('timestamptz', { name: 'step_up_until', nullable: true })
  stepUpUntil!: Date | null;

  /** When that was asked for the last time. */
  @Column('timestamptz', { name: 'step_up_asked_at', nullable: true })
  stepUpAskedAt!: Date | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  /** When a token of it was last issued, to the minute. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
