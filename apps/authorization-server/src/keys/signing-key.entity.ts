import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A key that signs tokens; the private part is sealed under the key-encryption key with the row's id as AAD. */
@Entity({ name: 'signing_key' })
export class SigningKey {
  /** The `kid`. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  /** JWS algorithm, such as `ES256`. */
  @Column('text')
  algorithm!: string;

  /** `active` signs and is published; rotation adds `next` and `retired`. */
  @Column('text')
  state!: 'next' | 'active' | 'retired';

  @Column('bytea', { name: 'sealed_private_jwk' })
  sealedPrivateJwk!: Buffer;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
