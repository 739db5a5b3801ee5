import { StartError } from '@gatehouse/runtime';
import { isProviderPath, metadataPaths } from '../provider/endpoints.ts';

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Who answers a request, and under which path below the issuer. */
interface Destination {
  to: 'provider' | 'pages';
  /** Path and query below the issuer's path. */
  url: string;
  /** Path and query as the provider's own URLs begin. */
  originalUrl: string;
}

/** The issuer's place on the web: its host, and how requests find what is below its path. */
export class IssuerAddress {
  readonly host: string;
  readonly isHttps: boolean;
  /** Path without trailing slash; empty for an issuer without path. */
  readonly #path: string;

  /** @throws StartError for an http issuer that is not on loopback, and for one with a query or fragment. */
  constructor(issuer: string) {
    const url = new URL(issuer);
    this.host = url.host;
    this.isHttps = url.protocol === 'https:';
    this.#path = url.pathname.replace(/\/+$/, '');
    if (!this.isHttps && !loopbackHosts.has(url.hostname)) {
      throw new StartError(
        `AUTH_ISSUER is ${issuer}: outside loopback it must be an https URL, for tokens and passwords travel to it.`,
      );
    }
    if (url.search !== '' || url.hash !== '' || url.username !== '') {
      throw new StartError(`AUTH_ISSUER is ${issuer}: it must have no query, fragment or user (RFC 8414 §2).`);
    }
  }

  /** True for the issuer's own host, in any case and with or without its default port. */
  isOwnHost(host: string): boolean {
    if (!/^[\w.:[\]-]+$/.test(host) || !URL.canParse(`http://${host}`)) return false;
    return new URL(`${this.isHttps ? 'https' : 'http'}://${host}`).host === this.host;
  }

  /** @param target path and query of the request; undefined when it lies outside the issuer. */
  find(target: string): Destination | undefined {
    const [path, query] = splitQuery(target);
    for (const metadataPath of metadataPaths) {
      // RFC 8414 §3.1: the well-known part comes before the issuer's path; OpenID Connect puts it behind.
      if (path === `${metadataPath}${this.#path}`) return this.#destination(metadataPath, query);
    }
    if (this.#path !== '' && path !== this.#path && !path.startsWith(`${this.#path}/`)) return undefined;
    return this.#destination(path.slice(this.#path.length) || '/', query);
  }

  #destination(path: string, query: string): Destination {
    return {
      to: isProviderPath(path) ? 'provider' : 'pages',
      url: `${path}${query}`,
      originalUrl: `${this.#path}${path}${query}`,
    };
  }
}

function splitQuery(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at)];
}
