import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A refresh token. Its value is not stored: the id is its SHA-256. */
@Entity({ name: 'refresh_token' })
@Index('refresh_token_grant', ['grantId'])
@Index('refresh_token_expiry', ['expiresAt'])
export class RefreshToken {
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text', { name: 'grant_id' })
  grantId!: string;

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  /** When it was first exchanged for its successor. */
  @Column('timestamptz', { name: 'consumed_at', nullable: true })
  consumedAt!: Date | null;

  /** The successor, sealed with a key that only this token's value yields. */
  @Column('bytea', { name: 'sealed_successor', nullable: true })
  sealedSuccessor!: Buffer | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
