import { hash } from 'node:crypto';

/** Under which id a bearer secret is stored: whoever reads the table cannot present it. */
export function bearerId(value: string): string {
  return hash('sha256', value, 'base64url');
}

/** False for ids that this server never gives out; PostgreSQL would refuse some of them with an error. */
export function isStorableId(id: string): boolean {
  return /^[\x21-\x7e]{1,256}$/.test(id);
}
