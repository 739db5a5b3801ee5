import type { CryptoKey, JWK, JWTHeaderParameters } from 'jose';
/** Another party's authorization server, as far as a resource server sees it: metadata and keys. */
export interface FakeIssuer {
  issuer: string;
  /** How often the key set was fetched. */
  keySetFetches(): number;
  /** Adds a key and signs with it from now on. */
  rotate(keyId: string, algorithm?: string): Promise<void>;
  /** Takes a key out of the published set. */
  withdraw(keyId: string): void;
  /** Keeps answering and errors with 503, or recovers. */
  fail(failing: boolean): void;
  publicKeys(): JWK[];
  /** Signs a token that is right in every respect but the given ones; `undefined` leaves a claim out. */
  sign(claims?: Record<string, unknown>, header?: Partial<JWTHeaderParameters>, key?: CryptoKey): Promise<string>;
  close(): Promise<void>;
}
export declare const audience = 'http://localhost:3000/mcp';
export declare function startFakeIssuer(options?: { path?: string }): Promise<FakeIssuer>;
