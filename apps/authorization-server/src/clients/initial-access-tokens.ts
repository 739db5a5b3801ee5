import { randomBytes, randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { defaultTenant } from '../config.ts';
import { bearerId } from '../storage/stored-id.ts';
import { InitialAccessToken } from './initial-access-token.entity.ts';

const maxLabelLength = 200;

/**
 * The tokens that operators hand out where clients may not register without one (RFC 7591 §3): each is good for one
 * client, until it expires. Every method is part of the transaction of the `manager` that it is given, with its audit row.
 */
export class InitialAccessTokens {
  /** Makes a token; it is told here and never again. @param label whom it is for, in the operator's words. */
  async create(
    manager: EntityManager,
    { label, expiresInSeconds }: { label: string; expiresInSeconds: number },
  ): Promise<{ id: string; token: string }> {
    const id = randomUUID();
    const token = randomBytes(32).toString('base64url');
    const kept = label.toWellFormed().replaceAll('\0', '').slice(0, maxLabelLength);
    await manager.query(
      `INSERT INTO auth.initial_access_token (id, tenant_id, digest, label, expires_at)
       VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5::double precision))`,
      [id, defaultTenant, bearerId(token), kept, expiresInSeconds],
    );
    await record(manager, 'initial_access_token.created', { id, label: kept, expiresInSeconds });
    return { id, token };
  }

  /** Those that may still be used and those that were, the newest first, until they have expired. */
  async list(manager: EntityManager): Promise<Omit<InitialAccessToken, 'digest'>[]> {
    return await manager.find(InitialAccessToken, {
      select: {
        id: true,
        tenantId: true,
        label: true,
        createdAt: true,
        expiresAt: true,
        usedAt: true,
        oauthClientId: true,
      },
      order: { createdAt: 'DESC' },
    });
  }

  /** Takes a token back. @returns false when there is none of this id that could still be used. */
  async revoke(manager: EntityManager, id: string): Promise<boolean> {
    const [, deleted] = await manager.query<[unknown[], number]>(
      'DELETE FROM auth.initial_access_token WHERE id = $1 AND used_at IS NULL',
      [id],
    );
    if (deleted === 0) return false;
    await record(manager, 'initial_access_token.revoked', { id });
    return true;
  }

  /**
   * Uses a token up. One conditional update decides who was first, on whichever replica; when the transaction rolls back
   * the token is as it was.
   * @returns its id; undefined for a token that does not exist, has expired or was used.
   */
  async spend(manager: EntityManager, token: string): Promise<string | undefined> {
    const [spent] = await manager.query<[{ id: string }[], number]>(
      `UPDATE auth.initial_access_token SET used_at = clock_timestamp()
       WHERE digest = $1 AND used_at IS NULL AND expires_at > clock_timestamp() RETURNING id`,
      [bearerId(token)],
    );
    return spent[0]?.id;
  }

  /** Notes the client that was registered with a spent token. */
  async noteClient(manager: EntityManager, id: string, oauthClientId: string): Promise<void> {
    await manager.query('UPDATE auth.initial_access_token SET oauth_client_id = $2 WHERE id = $1', [id, oauthClientId]);
    await record(manager, 'initial_access_token.used', { id }, oauthClientId);
  }
}

async function record(
  manager: EntityManager,
  type: string,
  details: Record<string, unknown>,
  oauthClientId?: string,
): Promise<void> {
  await recordAudit(manager, {
    type,
    tenantId: defaultTenant,
    outcome: 'success',
    details,
    ...(oauthClientId === undefined ? {} : { oauthClientId }),
  });
}
