import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The authenticator app of an account (RFC 6238); an account without one signs in with its password alone. */
@Entity({ name: 'authenticator' })
export class Authenticator {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  /** Account id. */
  @PrimaryColumn('text')
  sub!: string;

  /** The shared secret, sealed under the key-encryption key with this row's name as associated data. */
  @Column('bytea', { name: 'sealed_secret' })
  sealedSecret!: Buffer;

  /** Time step of the last code that was accepted: neither it nor an earlier one is accepted again. */
  @Column('bigint', { name: 'last_step' })
  lastStep!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
