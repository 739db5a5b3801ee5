import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A registered OAuth client. */
@Entity({ name: 'oauth_client' })
export class OauthClient {
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  /** Whether an operator registered it beforehand, or it did so itself. */
  @Column('text', { default: 'dynamic' })
  registration!: 'dynamic' | 'pre-registered';

  /** Client metadata with wire names (RFC 7591 §2). */
  @Column('jsonb')
  metadata!: Record<string, unknown>;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  /** When it last obtained a token, to the hour; one that registered itself is collected when it is not used. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;
}
