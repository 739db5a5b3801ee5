import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Remembers that a tenant has had its first administrator, even after that account is gone. */
@Entity({ name: 'first_administrator' })
export class FirstAdministrator {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
