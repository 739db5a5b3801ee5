import type { RequestListener, Server } from 'node:http';
import type { Logger } from '@gatehouse/runtime';
import { nestLogger } from '@gatehouse/runtime';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { JWK } from 'jose';
import { Accounts } from './accounts/accounts.ts';
import { AppModule } from './app.module.ts';
import type { ClientDocuments } from './clients/documents/client-documents.ts';
import type { OutboundFetch } from './clients/outbound/outbound-fetch.ts';
import type { Core } from './core.module.ts';
import { Admission } from './interactions/admission.ts';
import { answerUnroutable } from './interactions/answer-unroutable.ts';
import { renderError } from './interactions/render-error.ts';
import { ProviderHost } from './provider/provider-host.ts';
import type { Resources } from './resources/resources.ts';

const maxFormBytes = 64 * 1_024;

/** The two halves that answer requests, composed by Nest. */
interface ComposedApp {
  provider: RequestListener;
  pages: RequestListener;
  /** Signs with the first of these keys from now on and publishes all. */
  useSigningKeys(signingKeys: JWK[]): void;
  close(): Promise<void>;
}

/**
 * Composes the app around a server that is listening already: the provider takes its endpoints unparsed, Nest on
 * Fastify the pages.
 */
export async function composeApp(
  core: Core & { resources: Resources; outbound: OutboundFetch; documents: ClientDocuments | undefined },
  server: Server,
  logger: Logger,
): Promise<ComposedApp> {
  let pages: RequestListener | undefined;
  const adapter = new FastifyAdapter({
    bodyLimit: maxFormBytes,
    // The entrance has written the forwarded headers.
    trustProxy: true,
    frameworkErrors: answerUnroutable(core.settings.AUTH_ISSUER),
    serverFactory: (handler: RequestListener) => {
      pages = handler;
      return server;
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(core), adapter, {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  const host = app.get(ProviderHost);
  host.install(
    {
      ...core,
      accounts: app.get(Accounts),
      admission: app.get(Admission),
      renderError: renderError(core.settings.AUTH_ISSUER),
    },
    logger,
  );
  await app.init();
  await adapter.getInstance().ready();
  if (!pages) throw new Error('Fastify made no handler.');
  return {
    provider: (request, response) => host.handle(request, response),
    pages,
    useSigningKeys: (signingKeys) => host.useSigningKeys(signingKeys),
    close: () => app.close(),
  };
}
