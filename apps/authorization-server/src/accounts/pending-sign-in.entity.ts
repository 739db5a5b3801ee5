import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A sign-in whose password was right and whose code is awaited, in one browser. */
@Entity({ name: 'pending_sign_in' })
@Index('pending_sign_in_expiry', ['expiresAt'])
export class PendingSignIn {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  /** The page that it began at: the uid of an interaction, or that of the account page. */
  @PrimaryColumn('text')
  page!: string;

  /** SHA-256 of the browser cookie. */
  @PrimaryColumn('text', { name: 'browser_digest' })
  browserDigest!: string;

  /** Account id. */
  @Column('text')
  sub!: string;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
