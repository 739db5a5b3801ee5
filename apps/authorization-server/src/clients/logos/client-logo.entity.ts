import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A client's logo as it was fetched, or that it could not be. */
@Entity({ name: 'client_logo' })
@Index('client_logo_digest', ['digest'])
export class ClientLogo {
  /** The client's `logo_uri`. */
  @PrimaryColumn('text')
  url!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  /** SHA-256 of the image, under which it is served; null when there is none. */
  @Column('text', { nullable: true })
  digest!: string | null;

  @Column('text', { name: 'media_type', nullable: true })
  mediaType!: string | null;

  @Column('bytea', { nullable: true })
  image!: Buffer | null;

  /** Until then it is not fetched again. */
  @Column('timestamptz', { name: 'fresh_until' })
  freshUntil!: Date;
}
