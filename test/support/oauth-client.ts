import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OAuthDiscoveryState } from '@modelcontextprotocol/client';

/** What the OAuth clients of both official SDKs keep, as far as these tests look at it. */
interface StoredTokens {
  access_token: string;
  token_type: string;
  refresh_token?: string;
  scope?: string;
  expires_in?: number;
  id_token?: string;
}

interface StoredRegistration {
  client_id: string;
  client_secret?: string;
}

/**
 * An MCP client's OAuth side as a desktop application has it: it registers itself, keeps what it is given in memory, and
 * listens on a loopback port for the browser's return. Both official SDKs take it as their `OAuthClientProvider`.
 */
export class OAuthClient {
  readonly redirectUrl: string;
  /** Where the client's metadata document is; an SDK that finds support for it does not register then. */
  clientMetadataUrl?: string;
  readonly #listener: Server;
  readonly #clientName: string;
  #registration: StoredRegistration | undefined;
  #tokens: StoredTokens | undefined;
  #codeVerifier = '';
  #discoveryState: OAuthDiscoveryState | undefined;
  #state = '';
  #authorizationUrl: URL | undefined;
  #callback: Promise<URL>;

  private constructor(clientName: string, listener: Server) {
    this.#clientName = clientName;
    this.#listener = listener;
    this.redirectUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/callback`;
    this.#callback = new Promise((resolve) => {
      listener.on('request', (request, response) => {
        const url = new URL(request.url ?? '/', this.redirectUrl);
        response.writeHead(200, { 'content-type': 'text/plain' }).end('You may close this window.');
        if (url.pathname === '/callback') resolve(url);
      });
    });
  }

  static async listen(clientName: string): Promise<OAuthClient> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new OAuthClient(clientName, listener);
  }

  close(): void {
    this.#listener.close();
    this.#listener.closeAllConnections();
  }

  /** Where the SDK sent the browser. */
  get authorizationUrl(): URL {
    if (!this.#authorizationUrl) throw new Error('the SDK did not ask for authorization');
    return this.#authorizationUrl;
  }

  /** The parameters with which the browser came back; their `state` is the one that was sent. */
  async receiveCallback(): Promise<URLSearchParams> {
    const { searchParams } = await this.#callback;
    if (searchParams.get('state') !== this.#state) throw new Error('the state that came back is not the one sent');
    return searchParams;
  }

  /** Makes the present access token one that every gateway refuses, as it does with an expired one. */
  spoilAccessToken(): StoredTokens {
    const before = this.#tokens;
    if (!before) throw new Error('there is no token');
    const [header, payload] = before.access_token.split('.');
    this.#tokens = { ...before, access_token: `${header}.${payload}.${'A'.repeat(86)}` };
    return before;
  }

  get clientMetadata() {
    return {
      client_name: this.#clientName,
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
  }

  state(): string {
    this.#state = crypto.randomUUID();
    return this.#state;
  }

  clientInformation(): StoredRegistration | undefined {
    return this.#registration;
  }

  saveClientInformation(registration: StoredRegistration): void {
    this.#registration = registration;
  }

  tokens(): StoredTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: StoredTokens): void {
    this.#tokens = tokens;
  }

  /** The SDKs say so when the authorization server has refused something, and begin anew without it. */
  invalidateCredentials(what: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    if (what === 'all' || what === 'tokens') this.#tokens = undefined;
    if (what === 'all' || what === 'client') this.#registration = undefined;
  }

  redirectToAuthorization(authorizationUrl: URL): void {
    this.#authorizationUrl = authorizationUrl;
  }

  saveCodeVerifier(codeVerifier: string): void {
    this.#codeVerifier = codeVerifier;
  }

  codeVerifier(): string {
    return this.#codeVerifier;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discoveryState;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discoveryState = state;
  }
}
