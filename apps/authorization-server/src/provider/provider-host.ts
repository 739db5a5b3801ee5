import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Logger } from '@gatehouse/runtime';
import type { JWK } from 'jose';
import { Provider } from 'oidc-provider';
import type { errors, KoaContextWithOIDC } from 'oidc-provider';
import { compareSecretDigests } from '../clients/client-secret.ts';
import { providerConfiguration } from './configuration.ts';
import type { ProviderParts } from './configuration.ts';
import { reportFault } from './report-fault.ts';
import { requestSteps } from './request-steps.ts';
import { requestState } from './request-state.ts';

/** Holds the running provider. Ask for it on every use: a rotation of keys puts another in its place. */
@Injectable()
export class ProviderHost {
  #running: { provider: Provider; handle: (request: IncomingMessage, response: ServerResponse) => void } | undefined;

  #parts: { parts: ProviderParts; logger: Logger } | undefined;

  get provider(): Provider {
    return this.#present().provider;
  }

  /** Answers a request to one of the provider's endpoints. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#present().handle(request, response);
  }

  /** Builds a provider and puts it in place. */
  install(parts: ProviderParts, logger: Logger): void {
    this.#parts = { parts, logger };
    const provider = new Provider(parts.settings.AUTH_ISSUER, providerConfiguration(parts));
    // The entrance writes the forwarded headers itself, after it has checked Host.
    provider.proxy = true;
    compareSecretDigests(provider, parts.secrets.clientSecretKey);
    observe(provider, logger);
    for (const step of requestSteps({ ...parts, logger })) provider.use(step as Parameters<Provider['use']>[0]);
    const handle = provider.callback();
    // Koa's promise never rejects: it answers failures itself.
    this.#running = { provider, handle: (request, response) => void handle(request, response) };
  }

  /**
   * Puts a provider with other signing keys in place. Requests that are under way end at the one that they began with,
   * whose keys stay published.
   */
  useSigningKeys(signingKeys: JWK[]): void {
    if (!this.#parts) throw new Error('Keys came before the provider was built.');
    const { parts, logger } = this.#parts;
    this.install({ ...parts, secrets: parts.secrets.withSigningKeys(signingKeys) }, logger);
  }

  #present() {
    if (!this.#running) throw new Error('The provider was asked for before it was built.');
    return this.#running;
  }
}

function observe(provider: Provider, logger: Logger): void {
  provider.on('server_error', (ctx, error) => reportFault(logger, error, ctx.path));
  // Koa's own, for what happens after the steps; without a listener it prints to the console.
  (provider as EventEmitter).on('error', (error: unknown, ctx?: { req: { complete: boolean } }) => {
    // A body that breaks off is its sender's fault, and nobody is left to answer.
    if (ctx?.req.complete !== false) reportFault(logger, error, '');
  });
  const noteRefusal = (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError) => {
    requestState(ctx).refusal = error;
  };
  provider.on('authorization.error', noteRefusal);
  provider.on('pushed_authorization_request.error', noteRefusal);
  provider.on('registration_create.error', noteRefusal);
  provider.on('registration_update.error', noteRefusal);
  provider.on('grant.error', noteRefusal);
  provider.on('introspection.error', noteRefusal);
  provider.on('revocation.error', noteRefusal);
}
