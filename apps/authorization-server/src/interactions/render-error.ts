import { errors } from 'oidc-provider';
import type { Configuration } from 'oidc-provider';
import { pageHeaders } from './page-headers.ts';
import { renderErrorPage } from './pages/error-page.tsx';
import { textsFor } from './pages/texts.ts';

/** oidc-provider's `renderError`: what cannot be answered to the client is shown to the person. */
export function renderError(issuer: string): NonNullable<Configuration['renderError']> {
  const { host, protocol } = new URL(issuer);
  return (ctx, out, error) => {
    const texts = textsFor(ctx.get('accept-language'));
    const isOurFault = ctx.status >= 500;
    const isExpired = error instanceof errors.SessionNotFound;
    const words = isExpired ? texts.errors.expired : isOurFault ? texts.errors.server : texts.errors.generic;
    const description = isOurFault ? undefined : out.error_description;
    ctx.set(pageHeaders({ https: protocol === 'https:', language: texts.language }));
    ctx.body = renderErrorPage({
      texts,
      words,
      code: out.error,
      ...(description === undefined ? {} : { description }),
      host,
    });
  };
}
