import { decodeJwt } from 'jose';
import { routes } from '../../provider/endpoints.ts';
import { requestState } from '../../provider/request-state.ts';
import type { Step } from '../../provider/request-state.ts';
import { isClientIdUrl } from './client-id-url.ts';
import type { ClientDocuments } from './client-documents.ts';
import { withPresentedProof } from './find-document.ts';

const paths = new Set<string>([
  routes.authorization,
  routes.pushed_authorization_request,
  routes.token,
  routes.revocation,
  routes.introspection,
]);

/**
 * Before the provider looks for a client whose id is a URL: fetches its document when that is due. Here, because no
 * transaction has begun; a slow host must not hold connections to the database.
 */
export function learnClient(documents: ClientDocuments | undefined): Step {
  return async (ctx, next) => {
    const { form } = requestState(ctx);
    const assertion = form?.['client_assertion'];
    if (documents && paths.has(ctx.path)) {
      const named = form?.['client_id'] ?? ctx.query['client_id'] ?? subjectOf(assertion);
      if (typeof named === 'string' && isClientIdUrl(named)) await documents.learn(named);
    }
    return withPresentedProof({ presentsAssertion: assertion !== undefined }, next);
  };
}

/** RFC 7523 §3: the client is the assertion's subject. Its signature is checked once the client's keys are known. */
function subjectOf(assertion: unknown): string | undefined {
  if (typeof assertion !== 'string') return undefined;
  try {
    return decodeJwt(assertion).sub;
  } catch {
    return undefined;
  }
}
