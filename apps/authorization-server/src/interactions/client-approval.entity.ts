import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * What a person in one browser approved, before anybody knew who they are. It is spent by the login that follows
 * (MCP 2026-07-28 Security Best Practices §Confused Deputy Problem: consent comes before any identity provider).
 */
@Entity({ name: 'client_approval' })
@Index('client_approval_expiry', ['expiresAt'])
export class ClientApproval {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  /** SHA-256 of the browser cookie. */
  @Column('text', { name: 'browser_digest' })
  browserDigest!: string;

  @Column('text', { name: 'oauth_client_id' })
  oauthClientId!: string;

  @Column('text', { name: 'redirect_uri' })
  redirectUri!: string;

  /** Canonical resource URI; empty for an authorization that concerns identity alone. */
  @Column('text')
  resource!: string;

  /** Scope to version, as they were shown. */
  @Column('jsonb')
  scopes!: Record<string, string>;

  /** The account whose name stood on the page; null when nobody was signed in. */
  @Column('text', { nullable: true })
  sub!: string | null;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'spent_at', nullable: true })
  spentAt!: Date | null;
}
