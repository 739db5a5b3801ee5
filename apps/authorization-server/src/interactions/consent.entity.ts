import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What an account has consented to, kept until it is withdrawn. */
@Entity({ name: 'consent' })
@Index('consent_client', ['oauthClientId'])
export class Consent {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  /** Account id. */
  @PrimaryColumn('text')
  sub!: string;

  @PrimaryColumn('text', { name: 'oauth_client_id' })
  oauthClientId!: string;

  /** Without the port when it is a loopback one. */
  @PrimaryColumn('text', { name: 'redirect_uri' })
  redirectUri!: string;

  /** Canonical resource URI; empty for an authorization that concerns identity alone. */
  @PrimaryColumn('text')
  resource!: string;

  /** Scope to the version that was consented to. */
  @Column('jsonb')
  scopes!: Record<string, string>;

  @Column('timestamptz', { name: 'given_at', default: () => 'now()' })
  givenAt!: Date;
}
