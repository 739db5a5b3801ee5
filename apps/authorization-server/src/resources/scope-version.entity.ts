import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What a scope opened in one of its versions, for as long as a grant may hold for it. */
@Entity({ name: 'scope_version' })
@Index('scope_version_superseded', ['supersededAt'])
export class ScopeVersion {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  @PrimaryColumn('text')
  scope!: string;

  @PrimaryColumn('text')
  version!: string;

  /** Digest of each tool by its name. */
  @Column('jsonb')
  tools!: Record<string, string>;

  /** When another version took its place; null for the present one. */
  @Column('timestamptz', { name: 'superseded_at', nullable: true })
  supersededAt!: Date | null;
}
