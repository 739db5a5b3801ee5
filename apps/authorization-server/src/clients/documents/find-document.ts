import { AsyncLocalStorage } from 'node:async_hooks';
import { errors } from 'oidc-provider';
import type { EntityManager } from 'typeorm';
import { isClientIdUrl, refuseClientIdUrl } from './client-id-url.ts';
import { clientMetadata } from './read-document.ts';
import type { DocumentMetadata } from './read-document.ts';

const presented = new AsyncLocalStorage<{ presentsAssertion: boolean }>();

/** Runs the handling of a request whose client presents, or does not present, an assertion. */
export function withPresentedProof<T>(proof: { presentsAssertion: boolean }, handle: () => T): T {
  return presented.run(proof, handle);
}

/**
 * The client that a known metadata document describes. It fetches nothing, for it may run inside a transaction:
 * `learnClient` has fetched by then.
 * @throws InvalidClient saying what is wrong with the document.
 */
export async function findDocumentClient(
  manager: EntityManager,
  oauthClientId: string,
): Promise<(Record<string, unknown> & { client_id: string }) | undefined> {
  if (!isClientIdUrl(oauthClientId)) return undefined;
  const fault = refuseClientIdUrl(oauthClientId);
  if (fault !== undefined) throw new errors.InvalidClient(`a client_id that is a URL ${fault}`);
  const [known] = await manager.query<{ metadata: DocumentMetadata | null; refusal: string | null }[]>(
    `SELECT metadata, refusal FROM auth.client_document
     WHERE url = $1 AND (fresh_until > clock_timestamp() OR stale_until > clock_timestamp())`,
    [oauthClientId],
  );
  if (known?.metadata) return clientMetadata(known.metadata, presented.getStore() ?? { presentsAssertion: false });
  throw new errors.InvalidClient(known?.refusal ?? 'the client metadata document is not known here any more');
}
