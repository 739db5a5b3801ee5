import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A resource (RFC 8707) that tokens may be issued for. */
@Entity({ name: 'protected_resource' })
export class ProtectedResource {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  /** Canonical resource URI, the `aud` of its tokens. */
  @PrimaryColumn('text')
  uri!: string;

  /** The one server behind it; null for the endpoint that offers all servers. */
  @Column('text', { nullable: true })
  server!: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
