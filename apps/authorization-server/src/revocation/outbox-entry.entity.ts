import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** What a revocation names: one token (`jti`), all tokens of a grant (`gid`), of an account or of a client. */
type RevocationKind = 'token' | 'grant' | 'account' | 'client';

/** A revocation that the gateways must hear of, written in the transaction that revokes. */
@Entity({ name: 'outbox' })
@Index('outbox_unpublished', ['id'], { where: 'published_at IS NULL' })
@Index('outbox_expiry', ['expiresAt'])
@Index('outbox_key', ['kind', 'key'])
export class OutboxEntry {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text')
  kind!: RevocationKind;

  /** The id of what is revoked. */
  @Column('text')
  key!: string;

  /** When the last token that it can hit has expired. */
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'published_at', nullable: true })
  publishedAt!: Date | null;
}
