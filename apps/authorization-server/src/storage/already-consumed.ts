import { errors } from 'oidc-provider';

/** Somebody else was first to use a single-use code or token: the grant behind it has to end (RFC 6749 §4.1.2). */
export class AlreadyConsumed extends errors.InvalidGrant {
  readonly grantId: string;

  constructor(kind: string, grantId: string) {
    super(`${kind} already consumed`);
    this.grantId = grantId;
  }
}
