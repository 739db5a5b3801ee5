import type { RevocationKind } from '@gatehouse/protocol';
import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

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

  /** Of an account or client: only tokens that were issued before are hit. */
  @Column('timestamptz', { name: 'issued_before', nullable: true })
  issuedBefore!: Date | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'published_at', nullable: true })
  publishedAt!: Date | null;
}
