import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One leaking bucket of sign-in attempts. */
@Entity({ name: 'login_throttle' })
@Index('login_throttle_time', ['updatedAt'])
export class LoginThrottle {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  @PrimaryColumn('text')
  kind!: 'account' | 'address' | 'code';

  /** SHA-256 of what is counted, so that the table lists neither e-mails nor addresses. */
  @PrimaryColumn('text')
  key!: string;

  /** Attempts that had not leaked out at `updatedAt`. */
  @Column('double precision')
  level!: number;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  /** When a refusal was last written to the audit log; a flood of refusals is one row a minute. */
  @Column('timestamptz', { name: 'refusal_audited_at', nullable: true })
  refusalAuditedAt!: Date | null;
}
