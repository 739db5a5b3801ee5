import { StartError } from '@gatehouse/runtime';
import { ServerChanges } from '../changes/server-changes.ts';
import { prepareCompleter } from '../completion/prepare-completer.ts';
import { declarationsOf } from '../declarations.ts';
import type { Declaration } from '../declarations.ts';
import { preparePrompt } from '../prompts/prepare-prompt.ts';
import { prepareResource, prepareTemplate } from '../resources/prepare-resource.ts';
import { prepareTool } from '../tools/prepare-tool.ts';
import type { Handler, OfferedMethod, PreparedServer } from './prepared-server.ts';

/** A server as its author names it. */
export interface ServerIdentity {
  /** `[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?`; part of URLs, scopes and prefixed tool names. */
  server: string;
  version: string;
  title?: string;
  description?: string;
  /** Guidance for models on how the tools work together. */
  instructions?: string;
  /** URI prefixes that this server owns; by default those of its resources and templates. */
  uriPrefixes?: string[];
}

const serverNamePattern = /^[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$/;

/**
 * Builds a server from provider instances with decorated methods: definitions, schemas and templates, once.
 * @throws StartError with one sentence for the first mistake in a declaration
 */
export function prepareServer(identity: ServerIdentity, providers: object[]): PreparedServer {
  const changes = providers.find((provider) => provider instanceof ServerChanges) ?? new ServerChanges();
  const server = emptyServer(identity, changes);
  const offers = providers.flatMap(offersOf);
  for (const offer of offers) addOffer(server, offer);
  // Completers come last, since a provider may complete what another one offers.
  for (const { declaration, method } of offers) {
    if (declaration.kind === 'complete') prepareCompleter(server, declaration.options, method);
  }
  changes.attach(server);
  if (server.tools.size + server.prompts.size + server.resources.size + server.templates.length === 0) {
    throw new StartError(`The server "${identity.server}" offers nothing: give it a provider with @Tool methods.`);
  }
  server.templates.sort((a, b) => b.uriTemplate.prefix.length - a.uriTemplate.prefix.length);
  server.definitions.uriPrefixes = identity.uriPrefixes ?? defaultPrefixes(server);
  return server;
}

interface Offer {
  declaration: Declaration;
  method: OfferedMethod;
}

function offersOf(provider: object): Offer[] {
  return declarationsOf(provider).map(({ declaration, methodName }) => {
    const method = (provider as Record<string, Handler<unknown[]>>)[methodName] as Handler<unknown[]>;
    return {
      declaration,
      method: { handle: method.bind(provider), methodName, where: `${provider.constructor.name}.${methodName}` },
    };
  });
}

function addOffer(server: PreparedServer, { declaration, method }: Offer): void {
  if (declaration.kind === 'tool') prepareTool(server, declaration.options, method);
  else if (declaration.kind === 'prompt') preparePrompt(server, declaration.options, method);
  else if (declaration.kind === 'resource') prepareResource(server, declaration.options, method);
  else if (declaration.kind === 'resource-template') prepareTemplate(server, declaration.options, method);
}

function emptyServer(identity: ServerIdentity, changes: ServerChanges): PreparedServer {
  const { server, version, title, description, instructions } = identity;
  if (!serverNamePattern.test(server)) {
    throw new StartError(
      `A server is named "${server}": use at most 24 of a-z, 0-9 and -, with a letter or digit at both ends.`,
    );
  }
  if (!version) throw new StartError(`The server "${server}" has no version: give it one, such as 1.0.0.`);
  const described = { ...(title && { title }), ...(description && { description }) };
  return {
    definitions: {
      server,
      version,
      ...described,
      ...(instructions && { instructions }),
      completions: false,
      logging: true,
      uriPrefixes: [],
      tools: [],
      resources: [],
      resourceTemplates: [],
      prompts: [],
    },
    serverInfo: { name: server, version, ...described },
    tools: new Map(),
    prompts: new Map(),
    resources: new Map(),
    templates: [],
    changes,
  };
}

function defaultPrefixes(server: PreparedServer): string[] {
  const templatePrefixes = server.templates.map(({ uriTemplate }) => uriTemplate.prefix);
  return [...new Set([...server.resources.keys(), ...templatePrefixes])].toSorted();
}
