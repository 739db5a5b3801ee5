import type { ParsedUrlQuery } from 'node:querystring';
import type { Resources } from '../resources/resources.ts';
import { authorizationParameters, setAuthorizationParameters } from './authorization-parameters.ts';
import { routes } from './endpoints.ts';
import { requestState } from './request-state.ts';
import type { Step } from './request-state.ts';

/**
 * Puts every `resource` into its canonical form, so that what is granted, compared and answered is one spelling. What
 * is not known stays as it is and becomes `invalid_target` (RFC 8707 §2).
 */
export function nameResource(resources: Resources): Step {
  return async (ctx, next) => {
    await resources.refresh();
    const { form } = requestState(ctx);
    if (form?.resource !== undefined) form.resource = canonical(resources, form.resource);
    if (ctx.path === routes.authorization && ctx.query.resource !== undefined) {
      ctx.query = { ...ctx.query, resource: canonical(resources, ctx.query.resource) };
    }
    return next();
  };
}

/**
 * RFC 6749 §3.3: a request without scope gets a default, here all that its resource offers; the approval page shows it.
 * Many clients send none and cannot ask for more later.
 */
export function defaultScope(resources: Resources): Step {
  return async (ctx, next) => {
    const parameters = authorizationParameters(ctx);
    // RFC 9126 §4: beside a pushed request nothing else counts.
    if (parameters && parameters.request_uri === undefined && isBlank(parameters.scope)) {
      const uris = [parameters.resource ?? resources.uriOf()].flat();
      const scopes = new Set(uris.flatMap((uri) => resources.find(uri)?.scopes ?? []));
      if (scopes.size > 0) setAuthorizationParameters(ctx, { ...parameters, scope: [...scopes].join(' ') });
    }
    return next();
  };
}

function isBlank(value: ParsedUrlQuery[string]): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '');
}

function canonical(resources: Resources, value: string | string[]): string | string[] {
  const uris = [value].flat().map((uri) => resources.find(uri)?.uri ?? uri);
  const distinct = [...new Set(uris)];
  return distinct.length === 1 ? distinct[0]! : distinct;
}
