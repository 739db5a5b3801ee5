import { StartError } from '@gatehouse/runtime';
import type { CachingHints, ResourceOptions, ResourceTemplateOptions } from '../declarations.ts';
import { checkDescription, checkUnused } from '../server/offer-checks.ts';
import type { OfferedMethod, PreparedServer } from '../server/prepared-server.ts';
import { compileUriTemplate } from './uri-template.ts';
import type { UriTemplate } from './uri-template.ts';

/**
 * Adds a listed resource to a server.
 * @throws StartError with one sentence for a mistake in its declaration
 */
export function prepareResource(server: PreparedServer, options: ResourceOptions, method: OfferedMethod): void {
  const { where } = method;
  checkDescription(options.description, where);
  if (!URL.canParse(options.uri)) throw new StartError(`${where} has the uri "${options.uri}", which is not a URI.`);
  checkUnused(server.resources, options.uri, 'resource', where);
  server.definitions.resources.push({ ...withoutHints(options), name: options.name ?? method.methodName });
  server.resources.set(options.uri, {
    hints: cachingHints(options, where),
    ...(options.mimeType && { mimeType: options.mimeType }),
    handle: method.handle,
  });
}

/**
 * Adds a resource template to a server.
 * @throws StartError with one sentence for a mistake in its declaration
 */
export function prepareTemplate(server: PreparedServer, options: ResourceTemplateOptions, method: OfferedMethod): void {
  const { where } = method;
  checkDescription(options.description, where);
  const known = new Set(server.templates.map(({ uriTemplate }) => uriTemplate.template));
  checkUnused(known, options.uriTemplate, 'resource template', where);
  server.definitions.resourceTemplates.push({ ...withoutHints(options), name: options.name ?? method.methodName });
  server.templates.push({
    hints: cachingHints(options, where),
    ...(options.mimeType && { mimeType: options.mimeType }),
    uriTemplate: compile(options.uriTemplate, where),
    completers: new Map(),
    handle: method.handle,
  });
}

function withoutHints<Options extends CachingHints>(options: Options): Omit<Options, keyof CachingHints> {
  const { ttlMs: _ttlMs, cacheScope: _cacheScope, ...definition } = options;
  return definition;
}

function compile(template: string, where: string): UriTemplate {
  try {
    return compileUriTemplate(template);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError(`${where} has the URI template "${template}", which cannot be used: ${reason}.`, { cause });
  }
}

function cachingHints({ ttlMs = 0, cacheScope = 'private' }: CachingHints, where: string): Required<CachingHints> {
  // MCP 2026-07-28 Caching §Cacheable Model
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 0)
    throw new StartError(`${where} has a ttlMs of ${ttlMs}: give a whole number of milliseconds from 0.`);
  if (cacheScope !== 'public' && cacheScope !== 'private')
    throw new StartError(`${where} has the cacheScope "${String(cacheScope)}": write public or private.`);
  return { ttlMs, cacheScope };
}
