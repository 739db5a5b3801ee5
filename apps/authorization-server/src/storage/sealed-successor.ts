import { hkdfSync } from 'node:crypto';
import { openWith, sealWith } from '../keys/key-encryption.ts';
import { bearerId } from './stored-id.ts';

/** The successor of a refresh token, for its row: only who holds the token itself can open it. */
export function sealSuccessor(presented: string, successor: string): Buffer {
  return sealWith(successorKey(presented), bearerId(presented), Buffer.from(successor));
}

/** @throws Error for a row that was tampered with. */
export function openSuccessor(presented: string, sealed: Buffer): string {
  const successor = openWith(successorKey(presented), bearerId(presented), sealed);
  if (!successor) throw new Error('The successor of a refresh token does not open with it.');
  return successor.toString('utf8');
}

function successorKey(presented: string): Buffer {
  return Buffer.from(hkdfSync('sha256', presented, '', 'gatehouse refresh token successor', 32));
}
