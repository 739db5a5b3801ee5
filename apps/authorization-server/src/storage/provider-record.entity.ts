import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * A short-lived record of the provider that has no table of its own: interactions, authorization codes, registration
 * access tokens, replay detection.
 */
@Entity({ name: 'provider_record' })
@Index('provider_record_grant', ['grantId'])
@Index('provider_record_uid', ['uid'])
@Index('provider_record_expiry', ['expiresAt'])
export class ProviderRecord {
  /** Name of the provider's model, such as `AuthorizationCode`. */
  @PrimaryColumn('text')
  kind!: string;

  /** SHA-256 of the value for bearer secrets, the id itself otherwise. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('text', { name: 'grant_id', nullable: true })
  grantId!: string | null;

  @Column('text', { nullable: true })
  uid!: string | null;

  @Column('timestamptz', { name: 'consumed_at', nullable: true })
  consumedAt!: Date | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;
}
