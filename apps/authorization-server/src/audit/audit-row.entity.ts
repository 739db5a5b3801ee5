import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** One security event. Rows are only ever added; the database refuses updates and deletes. */
@Entity({ name: 'audit_row' })
@Index('audit_row_time', ['occurredAt'])
export class AuditRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('timestamptz', { name: 'occurred_at', default: () => 'now()' })
  occurredAt!: Date;

  @Column('text')
  type!: string;

  @Column('text')
  outcome!: 'success' | 'failure';

  @Column('text', { nullable: true })
  actor!: string | null;

  @Column('text', { name: 'on_behalf_of', nullable: true })
  onBehalfOf!: string | null;

  @Column('text', { name: 'oauth_client_id', nullable: true })
  oauthClientId!: string | null;

  @Column('text', { nullable: true })
  address!: string | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('text', { name: 'trace_id', nullable: true })
  traceId!: string | null;

  @Column('jsonb', { nullable: true })
  details!: Record<string, unknown> | null;
}
