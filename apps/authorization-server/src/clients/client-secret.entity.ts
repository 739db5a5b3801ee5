import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A secret that a confidential client authenticates with; while one is exchanged a client has two. */
@Entity({ name: 'client_secret' })
export class ClientSecret {
  @PrimaryColumn('text', { name: 'oauth_client_id' })
  oauthClientId!: string;

  /** Keyed digest of the secret (`client-secret.ts`); the secret itself is stored nowhere. */
  @PrimaryColumn('text')
  digest!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  /** When it was exchanged: until then it is good beside the new one. Null for the present secret. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;
}
