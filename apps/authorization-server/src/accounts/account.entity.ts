import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** A local account. `sub` is random and internal: nothing that a person may change, such as an e-mail, identifies it. */
@Entity({ name: 'account' })
@Unique('account_email', ['tenantId', 'emailKey'])
export class Account {
  @PrimaryColumn('text')
  sub!: string;

  @Column('text', { name: 'tenant_id' })
  tenantId!: string;

  /** As it was entered, for display. */
  @Column('text')
  email!: string;

  /** What sign-in compares; see `emailKey()`. */
  @Column('text', { name: 'email_key' })
  emailKey!: string;

  /** Argon2id as a PHC string. */
  @Column('text', { name: 'password_hash' })
  passwordHash!: string;

  @Column('text', { array: true })
  roles!: string[];

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  /** When an operator closed it; its owner can do nothing until it is opened again. */
  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt!: Date | null;
}
