import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Lets somebody register one client (RFC 7591 §1.2). */
@Entity({ name: 'initial_access_token' })
@Index('initial_access_token_digest', ['digest'], { unique: true })
export class InitialAccessToken {
  /** For operators to name it by; it is not the token. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  /** SHA-256 of the token. */
  @Column('text')
  digest!: string;

  /** Whom it was made for, in the operator's words. */
  @Column('text')
  label!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  /** When it was used up. */
  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;

  /** The client that was registered with it. */
  @Column('text', { name: 'oauth_client_id', nullable: true })
  oauthClientId!: string | null;
}
