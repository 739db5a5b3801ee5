import type { ParsedUrlQuery } from 'node:querystring';
import { errors } from 'oidc-provider';
import { authorizationParameters, setAuthorizationParameters } from './authorization-parameters.ts';
import { requestState } from './request-state.ts';
import type { Step } from './request-state.ts';

/**
 * Codes come back in the query alone: the provider's pages that post them or put them into fragments do not exist here.
 * An unknown mode makes it answer `unsupported_response_mode`, in the query.
 */
export const queryModeOnly: Step = async (ctx, next) => {
  const parameters = authorizationParameters(ctx);
  const mode = parameters?.response_mode;
  if (mode !== undefined && mode !== 'query') {
    setAuthorizationParameters(ctx, { ...parameters, response_mode: 'unsupported' });
  }
  return next();
};

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
