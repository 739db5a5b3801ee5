import { errors } from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { DataSource, EntityManager } from 'typeorm';
import type { Settings } from '../config.ts';
import { routes } from '../provider/endpoints.ts';
import type { Step } from '../provider/request-state.ts';
import { withManager } from '../storage/unit-of-work.ts';
import { collectOldestNeverUsed } from './collect-unused-clients.ts';
import { InitialAccessTokens } from './initial-access-tokens.ts';

/** A client that was registered longer ago and never used makes room for another when there are too many. */
const makesRoomAfterSeconds = 60 * 60;

/**
 * Lets a client register if it has an initial access token, where one is needed, and while there are not too many
 * clients. Part of the request's transaction: a registration that fails uses no token up.
 */
export function guardRegistration(dataSource: DataSource, settings: Settings): Step {
  const tokens = new InitialAccessTokens();
  const needsToken = settings.AUTH_REGISTRATION === 'initial-access-token';
  const challenge = `Bearer realm="${settings.AUTH_ISSUER}"`;
  const spend = async (ctx: KoaContextWithOIDC, manager: EntityManager) => {
    const token = presentedToken(ctx);
    const id = token === undefined ? undefined : await tokens.spend(manager, token);
    if (id !== undefined) return id;
    // RFC 6750 §3: no error code for a request that holds no token.
    ctx.set('www-authenticate', token === undefined ? challenge : `${challenge}, error="invalid_token"`);
    throw new RefusedToken();
  };
  return async (ctx, next) => {
    if (ctx.path !== routes.registration || ctx.method !== 'POST') return next();
    const spentId = await withManager(dataSource, async (manager) => {
      const id = needsToken ? await spend(ctx, manager) : undefined;
      await keepQuota(ctx, manager, settings.AUTH_REGISTERED_CLIENTS_MAX);
      return id;
    });
    await next();
    const { client } = ctx.oidc;
    if (ctx.status !== 201 || spentId === undefined || !client) return;
    await withManager(dataSource, (manager) => tokens.noteClient(manager, spentId, client.clientId));
  };
}

/** RFC 6750 §2.1; a registration has a JSON body, so the token stands nowhere else. */
function presentedToken(ctx: KoaContextWithOIDC): string | undefined {
  return /^Bearer +([\w.~+/-]{1,256}=*)$/i.exec(ctx.get('authorization'))?.[1];
}

/** RFC 6750 §3.1 */
class RefusedToken extends errors.CustomOIDCProviderError {
  constructor() {
    super('invalid_token', 'registering here needs an initial access token that is good and was not used');
    this.status = 401;
    this.statusCode = 401;
  }
}

async function keepQuota(ctx: KoaContextWithOIDC, manager: EntityManager, mostClients: number): Promise<void> {
  // So that all replicas count in turn.
  await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('registration quota', 0))`);
  const [registered] = await manager.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM auth.oauth_client WHERE registration = 'dynamic'`,
  );
  if (!registered || registered.count < mostClients) return;
  if (await collectOldestNeverUsed(manager, makesRoomAfterSeconds)) return;
  ctx.set('retry-after', String(makesRoomAfterSeconds));
  throw new TooManyClients();
}

/** RFC 6585 §4; RFC 7591 names no error code for it. */
class TooManyClients extends errors.CustomOIDCProviderError {
  constructor() {
    super('temporarily_unavailable', 'too many clients are registered here, try again later');
    this.status = 429;
    this.statusCode = 429;
  }
}
