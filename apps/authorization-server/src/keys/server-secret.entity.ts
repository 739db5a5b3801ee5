import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a secret of the server is for. */
export type ServerSecretPurpose = 'cookie' | 'form' | 'nonce' | 'client_secret';

/** A random secret shared by all replicas, sealed under the key-encryption key with the row's id as AAD. */
@Entity({ name: 'server_secret' })
export class ServerSecret {
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text')
  purpose!: ServerSecretPurpose;

  @Column('bytea')
  sealed!: Buffer;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
