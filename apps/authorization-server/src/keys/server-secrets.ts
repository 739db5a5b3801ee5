import type { JWK } from 'jose';

/** The secrets that all replicas share, as they were opened. */
export class ServerSecrets {
  /** Private JWKs that sign tokens; the first signs, all are published. */
  readonly signingKeys: JWK[];
  /** Keys of signed cookies; the first signs, all verify. */
  readonly cookieKeys: string[];
  /** 32 bytes from which CSRF tokens and browser bindings are derived. */
  readonly formKey: Buffer;
  /** 32 bytes from which server nonces are derived. */
  readonly nonceKey: Buffer;
  /** 32 bytes under which client secrets are digested. */
  readonly clientSecretKey: Buffer;

  constructor(secrets: {
    signingKeys: JWK[];
    cookieKeys: string[];
    formKey: Buffer;
    nonceKey: Buffer;
    clientSecretKey: Buffer;
  }) {
    this.signingKeys = secrets.signingKeys;
    this.cookieKeys = secrets.cookieKeys;
    this.formKey = secrets.formKey;
    this.nonceKey = secrets.nonceKey;
    this.clientSecretKey = secrets.clientSecretKey;
  }

  /** The same secrets with other signing keys. */
  withSigningKeys(signingKeys: JWK[]): ServerSecrets {
    const { cookieKeys, formKey, nonceKey, clientSecretKey } = this;
    return new ServerSecrets({ signingKeys, cookieKeys, formKey, nonceKey, clientSecretKey });
  }
}
