import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A scope that a server brings; `mcp` needs no row. It stays when the server's workers leave. */
@Entity({ name: 'resource_scope' })
export class ResourceScope {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  /** `<server>:<name>`. */
  @PrimaryColumn('text')
  scope!: string;

  @Column('text')
  server!: string;

  /** Digest of the tools that the scope opens; a consent holds for one version. */
  @Column('text')
  version!: string;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
