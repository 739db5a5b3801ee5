import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * The provider's session of a browser. Its id, the cookie, changes at every login; `uid` stays. A session that was ended
 * keeps its row until it would have expired: a request that is under way cannot bring it back.
 */
@Entity({ name: 'browser_session' })
@Index('browser_session_sub', ['sub'])
@Index('browser_session_expiry', ['expiresAt'])
export class BrowserSession {
  @PrimaryColumn('text')
  uid!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  /** SHA-256 of the session id; null while the id is being exchanged. */
  @Index('browser_session_id', { unique: true })
  @Column('text', { name: 'id_digest', nullable: true })
  idDigest!: string | null;

  /** Account id; null while nobody is signed in. */
  @Column('text', { nullable: true })
  sub!: string | null;

  /** The provider's session, without its id. */
  @Column('jsonb')
  payload!: Record<string, unknown>;

  /** What the browser says it is, for its owner to recognize. */
  @Column('text', { name: 'user_agent', nullable: true })
  userAgent!: string | null;

  /** Network address of the browser when it was last here. */
  @Column('text', { nullable: true })
  address!: string | null;

  @Column('timestamptz', { name: 'last_used_at' })
  lastUsedAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
