import { errors } from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { networkOf } from '../entrance/caller-address.ts';
import { currentRequest } from '../entrance/request-context.ts';
import { routes } from '../provider/endpoints.ts';
import { requestState } from '../provider/request-state.ts';
import type { Step } from '../provider/request-state.ts';
import { countInWindow } from '../storage/rate-window.ts';
import { applyRegistrationPolicy } from './registration-policy.ts';

/**
 * Limits how many clients one address registers and changes, on all replicas together, and lets nobody register where
 * that is off; clients that are registered can be managed all the same (RFC 7592).
 */
export function limitRegistrations(
  dataSource: DataSource,
  { isOff, perMinute }: { isOff: boolean; perMinute: number },
): Step {
  return async (ctx, next) => {
    if (!isCreation(ctx) && !isUpdate(ctx)) return next();
    if (isOff && isCreation(ctx)) throw new RegistrationIsOff();
    const bucket = `registration:${networkOf(currentRequest()?.address ?? '')}`;
    const retryAfterSeconds = await countInWindow(dataSource, bucket, { count: perMinute, windowSeconds: 60 });
    if (retryAfterSeconds === undefined) return next();
    ctx.set('retry-after', String(retryAfterSeconds));
    throw new TooManyRegistrations();
  };
}

/** Replaces the metadata that a client registers, or updates, by what the policy makes of it. */
export const admitRegistration: Step = async (ctx, next) => {
  const state = requestState(ctx);
  if ((isCreation(ctx) || isUpdate(ctx)) && state.json !== undefined) {
    if (state.json === null || typeof state.json !== 'object' || Array.isArray(state.json)) {
      throw new errors.InvalidRequest('client metadata must be a JSON object');
    }
    const requested = state.json as Record<string, unknown>;
    const identity = isUpdate(ctx) ? { client_id: requested.client_id } : {};
    state.json = { ...applyRegistrationPolicy(requested), ...identity };
  }
  return next();
};

function isCreation({ path, method }: KoaContextWithOIDC): boolean {
  return path === routes.registration && method === 'POST';
}

function isUpdate({ path, method }: KoaContextWithOIDC): boolean {
  return path.startsWith(`${routes.registration}/`) && method === 'PUT';
}

class RegistrationIsOff extends errors.CustomOIDCProviderError {
  constructor() {
    super('access_denied', 'clients cannot register themselves here, ask the operator');
    this.status = 403;
    this.statusCode = 403;
  }
}

/** RFC 6585 §4; RFC 7591 names no error code for it. */
class TooManyRegistrations extends errors.CustomOIDCProviderError {
  constructor() {
    super('temporarily_unavailable', 'too many registrations from this address, try again later');
    this.status = 429;
    this.statusCode = 429;
  }
}
