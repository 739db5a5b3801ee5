import { isObject } from '@gatehouse/protocol';
import type { CallRequest } from '../call-request.ts';
import type { InputRequiredResult, ReadResourceResult, ResourceContents } from '../content.ts';
import type { CallContext, ReadContext } from '../context.ts';
import type { CachingHints } from '../declarations.ts';
import { ResourceNotFoundError } from '../errors.ts';
import type { PreparedServer } from '../server/prepared-server.ts';
import { isInputRequired } from '../tools/tool-result.ts';
import { hintsOf, watchCaller } from './caching-hints.ts';

/** Longer URIs are nobody's. */
const maxUriLength = 8_192;

/**
 * Answers `resources/read`.
 * @throws ResourceNotFoundError when neither a resource nor a template has the URI
 */
export async function readResource(
  server: PreparedServer,
  uri: string,
  request: CallRequest,
  context: CallContext,
): Promise<(Required<CachingHints> & ReadResourceResult) | InputRequiredResult> {
  const watched = watchCaller({ ...context, uri });
  const found = findResource(server, uri, watched.context);
  if (!found) throw new ResourceNotFoundError(uri);
  const returned = await found.read();
  if (isInputRequired(returned)) return returned;
  const { contents, ...whole } = toResult(returned, uri, found.mimeType);
  const stated = { ...found.hints, ...whole };
  return { ...whole, ...hintsOf(stated, request, watched.dependsOnCaller()), contents };
}

interface FoundResource {
  hints: Required<CachingHints>;
  mimeType?: string | undefined;
  read(): unknown;
}

function findResource(server: PreparedServer, uri: string, context: ReadContext): FoundResource | undefined {
  const resource = server.resources.get(uri);
  if (resource) return { hints: resource.hints, mimeType: resource.mimeType, read: () => resource.handle(context) };
  if (uri.length > maxUriLength) return undefined;
  for (const template of server.templates) {
    const variables = template.uriTemplate.match(uri);
    if (variables) {
      return { hints: template.hints, mimeType: template.mimeType, read: () => template.handle(variables, context) };
    }
  }
  return undefined;
}

function toResult(returned: unknown, uri: string, mimeType: string | undefined): ReadResourceResult {
  const metadata = { uri, ...(mimeType && { mimeType }) };
  if (typeof returned === 'string') return { contents: [{ mimeType: 'text/plain', ...metadata, text: returned }] };
  if (returned instanceof Uint8Array) {
    const blob = Buffer.from(returned.buffer, returned.byteOffset, returned.byteLength).toString('base64');
    return { contents: [{ mimeType: 'application/octet-stream', ...metadata, blob }] };
  }
  if (Array.isArray(returned)) return { contents: returned as ResourceContents[] };
  if (isObject(returned) && Array.isArray(returned.contents)) return returned as unknown as ReadResourceResult;
  if (isObject(returned)) return { contents: [{ ...metadata, ...returned }] };
  throw new TypeError(`a resource returned ${typeof returned} instead of contents`);
}
