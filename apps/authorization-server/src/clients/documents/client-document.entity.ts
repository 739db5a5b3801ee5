import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is known of a client ID metadata document: the client that it describes, or why there is none. */
@Entity({ name: 'client_document' })
export class ClientDocument {
  /** The client id, which is where the document stands. */
  @PrimaryColumn('text')
  url!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  /** What was read of it (`DocumentMetadata`); null when it was refused. */
  @Column('jsonb', { nullable: true })
  metadata!: Record<string, unknown> | null;

  /** Why it was refused, for the client's developer. */
  @Column('text', { nullable: true })
  refusal!: string | null;

  /** Until then it is not fetched again. */
  @Column('timestamptz', { name: 'fresh_until' })
  freshUntil!: Date;

  /** Until then it serves though it cannot be fetched. */
  @Column('timestamptz', { name: 'stale_until' })
  staleUntil!: Date;

  /** When the client last obtained a token. */
  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;
}
