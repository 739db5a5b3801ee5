import { Inject, Injectable } from '@nestjs/common';
import type { CatalogEndpoint } from './catalog/resolution.ts';
import { publicUrlOf } from './config.ts';
import type { GatewaySettings } from './config.ts';
import { SETTINGS } from './injection-tokens.ts';

/** What a request's path asks for. */
type RequestTarget =
  | { kind: 'mcp'; endpoint: CatalogEndpoint }
  /** RFC 9728 metadata of the endpoint's resource. */
  | { kind: 'metadata'; endpoint: CatalogEndpoint }
  | { kind: 'unknown' };

const aggregate: CatalogEndpoint = { kind: 'aggregate' };
const unknown: RequestTarget = { kind: 'unknown' };
const wellKnown = '/.well-known/oauth-protected-resource';

/** The gateway's own URLs: canonical resources, their metadata, and back from a request's path to what it means. */
@Injectable()
export class PublicUrls {
  readonly #origin: string;
  readonly #mcpPath: string;

  constructor(@Inject(SETTINGS) settings: GatewaySettings) {
    const url = new URL(publicUrlOf(settings));
    this.#origin = url.origin;
    this.#mcpPath = `${url.pathname.replace(/\/$/, '')}/mcp`;
  }

  /** The canonical resource URI of an endpoint: what tokens name as their audience (RFC 8707 §2). */
  resourceOf(endpoint: CatalogEndpoint): string {
    return `${this.#origin}${this.#pathOf(endpoint)}`;
  }

  /** RFC 9728 §3.1: the well-known part goes between host and path of the resource. */
  metadataUrlOf(endpoint: CatalogEndpoint): string {
    return `${this.#origin}${wellKnown}${this.#pathOf(endpoint)}`;
  }

  #pathOf(endpoint: CatalogEndpoint): string {
    return endpoint.kind === 'aggregate' ? this.#mcpPath : `${this.#mcpPath}/${endpoint.server}`;
  }

  /** @param path of the request, without its query; one trailing slash is forgiven. */
  targetOf(path: string): RequestTarget {
    const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    // MCP 2026-07-28 Authorization Server Discovery: clients also try the root, where the whole gateway answers.
    if (bare === wellKnown) return { kind: 'metadata', endpoint: aggregate };
    if (bare.startsWith(`${wellKnown}/`)) return this.#endpointTarget('metadata', bare.slice(wellKnown.length));
    return this.#endpointTarget('mcp', bare);
  }

  #endpointTarget(kind: 'mcp' | 'metadata', path: string): RequestTarget {
    if (path === this.#mcpPath) return { kind, endpoint: aggregate };
    if (!path.startsWith(`${this.#mcpPath}/`)) return unknown;
    const server = path.slice(this.#mcpPath.length + 1);
    return /^[\w.~-]{1,64}$/.test(server) ? { kind, endpoint: { kind: 'server', server } } : unknown;
  }
}
