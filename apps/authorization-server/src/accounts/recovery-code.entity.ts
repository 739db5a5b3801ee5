import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A code that stands in for the authenticator once. Only its digest is kept. */
@Entity({ name: 'recovery_code' })
export class RecoveryCode {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  /** Account id. */
  @PrimaryColumn('text')
  sub!: string;

  /** SHA-256 of account and code. */
  @PrimaryColumn('text')
  digest!: string;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;
}
