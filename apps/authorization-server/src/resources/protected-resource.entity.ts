import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A resource (RFC 8707) that tokens may be issued for. Its URI is not stored: it follows from GATEWAY_PUBLIC_URL, which
 * an operator may change.
 */
@Entity({ name: 'protected_resource' })
export class ProtectedResource {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  /** The one server behind it; empty for the endpoint that offers all servers. */
  @PrimaryColumn('text')
  server!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
