import { hkdfSync } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { openWith, sealWith } from '../keys/key-encryption.ts';
import { bearerId } from '../storage/stored-id.ts';
import { withManager } from '../storage/unit-of-work.ts';
import { routes } from './endpoints.ts';
import { requestState } from './request-state.ts';
import type { Step } from './request-state.ts';

/**
 * Whether the presented refresh token is exchanged for a new one. Public clients rotate (OAuth 2.1 §4.3.1), confidential
 * ones are bound by their authentication. Inside the grace window a token that was exchanged before has a successor
 * already: processes that share one token store, and clients that lost an answer, all get that one.
 * Deviation: OAuth 2.1 §4.3.1 ends the grant at any reuse; here only after the window (docs/decisions/0008).
 */
export function rotateRefreshToken(dataSource: DataSource): (ctx: KoaContextWithOIDC) => Promise<boolean> {
  return async (ctx) => {
    const { Client: oauthClient, RefreshToken: presented } = ctx.oidc.entities;
    if (!oauthClient || !presented || oauthClient.tokenEndpointAuthMethod !== 'none') return false;
    const successor = await openSuccessor(dataSource, presented.jti);
    if (successor === undefined) return true;
    requestState(ctx).successor = successor;
    return false;
  };
}

/** After a refresh: answers with the successor that was found, or keeps the one that was just made. */
export function keepSuccessor(dataSource: DataSource): Step {
  return async (ctx, next) => {
    await next();
    if (ctx.path !== routes.token || ctx.status !== 200) return;
    const { successor } = requestState(ctx);
    const answer = ctx.body as { refresh_token?: string };
    const rotated = ctx.oidc.entities.RotatedRefreshToken;
    if (successor !== undefined) ctx.body = { ...answer, refresh_token: successor };
    else if (rotated && answer.refresh_token !== undefined) {
      await sealSuccessor(dataSource, rotated.jti, answer.refresh_token);
    }
  };
}

async function openSuccessor(dataSource: DataSource, presented: string): Promise<string | undefined> {
  const id = bearerId(presented);
  const rows = await withManager(dataSource, (manager) =>
    manager.query<{ sealed_successor: Buffer | null }[]>(
      'SELECT sealed_successor FROM auth.refresh_token WHERE id = $1',
      [id],
    ),
  );
  const sealed = rows[0]?.sealed_successor;
  if (!sealed) return undefined;
  const successor = openWith(successorKey(presented), id, sealed);
  if (!successor) throw new Error('The successor of a refresh token does not open with it.');
  return successor.toString('utf8');
}

async function sealSuccessor(dataSource: DataSource, presented: string, successor: string): Promise<void> {
  const id = bearerId(presented);
  const sealed = sealWith(successorKey(presented), id, Buffer.from(successor));
  await withManager(dataSource, (manager) =>
    manager.query('UPDATE auth.refresh_token SET sealed_successor = $2 WHERE id = $1', [id, sealed]),
  );
}

/** Only who holds the presented token can open its successor; the table alone cannot. */
function successorKey(presented: string): Buffer {
  return Buffer.from(hkdfSync('sha256', presented, '', 'gatehouse refresh token successor', 32));
}
