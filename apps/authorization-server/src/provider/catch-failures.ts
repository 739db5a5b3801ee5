import type { Logger } from '@gatehouse/runtime';
import { errors } from 'oidc-provider';
import type { Configuration } from 'oidc-provider';
import { routes } from './endpoints.ts';
import { reportFault } from './report-fault.ts';
import type { Step } from './request-state.ts';

/**
 * Answers what the other steps throw: an OAuth error as such, anything else as our fault, logged once. The provider
 * answers its own errors itself.
 */
export function catchFailures(logger: Logger, renderError: NonNullable<Configuration['renderError']>): Step {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const isOauthError = error instanceof errors.OIDCProviderError && error.expose;
      if (!isOauthError) reportFault(logger, error, ctx.path);
      const out = isOauthError
        ? { error: error.error, ...(error.error_description ? { error_description: error.error_description } : {}) }
        : { error: 'server_error', error_description: 'the request could not be handled, try again later' };
      ctx.status = isOauthError ? error.statusCode : 500;
      ctx.set('cache-control', 'no-store');
      if (ctx.path.startsWith(routes.authorization)) await renderError(ctx, out, error as Error);
      else ctx.body = out;
    }
  };
}
