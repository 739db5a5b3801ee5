import { errors } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { networkOf } from '../entrance/caller-address.ts';
import { currentRequest } from '../entrance/request-context.ts';
import { routes } from '../provider/endpoints.ts';
import { requestState } from '../provider/request-state.ts';
import type { Step } from '../provider/request-state.ts';
import { countInWindow } from '../storage/rate-window.ts';
import { applyRegistrationPolicy } from './registration-policy.ts';

/** Limits how many clients one address registers, on all replicas together. */
export function limitRegistrations(dataSource: DataSource, perMinute: number): Step {
  return async (ctx, next) => {
    if (ctx.path !== routes.registration || ctx.method !== 'POST') return next();
    const bucket = `registration:${networkOf(currentRequest()?.address ?? '')}`;
    const retryAfterSeconds = await countInWindow(dataSource, bucket, { count: perMinute, windowSeconds: 60 });
    if (retryAfterSeconds === undefined) return next();
    ctx.set('retry-after', String(retryAfterSeconds));
    throw new TooManyRegistrations();
  };
}

/** Replaces the metadata that a client registers, or updates, by what the policy makes of it. */
export const admitRegistration: Step = async (ctx, next) => {
  const isCreation = ctx.path === routes.registration && ctx.method === 'POST';
  const isUpdate = ctx.path.startsWith(`${routes.registration}/`) && ctx.method === 'PUT';
  const state = requestState(ctx);
  if ((isCreation || isUpdate) && state.json !== undefined) {
    if (state.json === null || typeof state.json !== 'object' || Array.isArray(state.json)) {
      throw new errors.InvalidRequest('client metadata must be a JSON object');
    }
    const requested = state.json as Record<string, unknown>;
    const identity = isUpdate ? { client_id: requested.client_id } : {};
    state.json = { ...applyRegistrationPolicy(requested), ...identity };
  }
  return next();
};

/** RFC 6585 §4; RFC 7591 names no error code for it. */
class TooManyRegistrations extends errors.CustomOIDCProviderError {
  constructor() {
    super('temporarily_unavailable', 'too many registrations from this address, try again later');
    this.status = 429;
    this.statusCode = 429;
  }
}
