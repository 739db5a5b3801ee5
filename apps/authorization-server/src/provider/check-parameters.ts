import type { ParsedUrlQuery } from 'node:querystring';
import { errors } from 'oidc-provider';
import { requestState } from './request-state.ts';
import type { Step } from './request-state.ts';

/** RFC 6749 Appendix A: no parameter holds a NUL, and PostgreSQL could not store one. */
export const checkParameters: Step = async (ctx, next) => {
  for (const parameters of [ctx.query, requestState(ctx).form ?? {}] satisfies ParsedUrlQuery[]) {
    for (const [name, value] of Object.entries(parameters)) {
      if (name.includes('\0') || [value].flat().some((text) => text?.includes('\0'))) {
        throw new errors.InvalidRequest('a parameter holds a NUL character');
      }
    }
  }
  return next();
};
