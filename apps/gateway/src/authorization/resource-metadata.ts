import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { CatalogEndpoint } from '../catalog/resolution.ts';
import type { GatewaySettings } from '../config.ts';
import { HttpRefusal } from '../http-refusal.ts';
import { PublicUrls } from '../public-urls.ts';
import { SETTINGS } from '../injection-tokens.ts';
import { EndpointScopes } from './endpoint-scopes.ts';

/** Serves the protected resource metadata of each endpoint (RFC 9728). It is public, to pages of any origin too. */
@Injectable()
export class ResourceMetadata {
  readonly #issuer: string;
  readonly #urls: PublicUrls;
  readonly #scopes: EndpointScopes;

  constructor(@Inject(SETTINGS) settings: GatewaySettings, urls: PublicUrls, scopes: EndpointScopes) {
    this.#issuer = settings.AUTH_ISSUER;
    this.#urls = urls;
    this.#scopes = scopes;
  }

  /** @throws HttpRefusal 404 for a server that does not exist, 405 */
  answer(request: IncomingMessage, response: ServerResponse, endpoint: CatalogEndpoint): void {
    response.setHeader('access-control-allow-origin', '*');
    if (request.method === 'OPTIONS') return this.#answerPreflight(response);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new HttpRefusal(405, 'metadata is read with GET', { headers: { allow: 'GET, HEAD, OPTIONS' } });
    const body = Buffer.from(JSON.stringify(this.#document(endpoint)));
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': body.length,
      'cache-control': 'public, max-age=60',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #answerPreflight(response: ServerResponse): void {
    response.writeHead(204, {
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'mcp-protocol-version',
      'access-control-max-age': '600',
    });
    response.end();
  }

  #document(endpoint: CatalogEndpoint): object {
    const title = this.#scopes.titleOf(endpoint);
    if (title === undefined) throw new HttpRefusal(404, 'there is no such server');
    return {
      resource: this.#urls.resourceOf(endpoint),
      authorization_servers: [this.#issuer],
      scopes_supported: this.#scopes.scopesOf(endpoint),
      bearer_methods_supported: ['header'],
      resource_name: title,
    };
  }
}
