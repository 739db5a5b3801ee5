import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { SigningAlgorithm } from './signing-algorithm.ts';

/** A key that signs tokens; the private part is sealed under the key-encryption key with the row's id as AAD. */
@Entity({ name: 'signing_key' })
@Index('signing_key_active', ['tenantId'], { unique: true, where: `state = 'active'` })
@Index('signing_key_next', ['tenantId'], { unique: true, where: `state = 'next'` })
export class SigningKey {
  /** The `kid`. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text')
  algorithm!: SigningAlgorithm;

  /** `next` is published and will sign, `active` signs, `retired` is published until its last token has expired. */
  @Column('text')
  state!: 'next' | 'active' | 'retired';

  @Column('bytea', { name: 'sealed_private_jwk' })
  sealedPrivateJwk!: Buffer;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'activated_at', nullable: true })
  activatedAt!: Date | null;

  @Column('timestamptz', { name: 'retired_at', nullable: true })
  retiredAt!: Date | null;

  /** When an operator asked for the exchange of this active key. */
  @Column('timestamptz', { name: 'rotation_requested_at', nullable: true })
  rotationRequestedAt!: Date | null;
}
