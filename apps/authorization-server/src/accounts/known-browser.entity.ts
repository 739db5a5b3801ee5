import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A browser that has signed in to an account: strangers who guess passwords do not use up its attempts. */
@Entity({ name: 'known_browser' })
@Index('known_browser_time', ['lastLoginAt'])
export class KnownBrowser {
  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  /** Account id. */
  @PrimaryColumn('text')
  sub!: string;

  /** SHA-256 of the browser cookie. */
  @PrimaryColumn('text', { name: 'browser_digest' })
  browserDigest!: string;

  @Column('timestamptz', { name: 'last_login_at' })
  lastLoginAt!: Date;
}
