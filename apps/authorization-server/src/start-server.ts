import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { ScopeHierarchy } from '@gatehouse/auth';
import { checkDatabase, explainDatabaseFailure, openDatabase } from '@gatehouse/database';
import { drainServer, Health, listen, startAdminServer } from '@gatehouse/runtime';
import type { Logger, RunningApp } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';
import { createFirstAdministrator } from './accounts/first-administrator.ts';
import { BoundedAudit } from './audit/bounded-audit.ts';
import { ClientDocuments } from './clients/documents/client-documents.ts';
import { collectUnusedClients } from './clients/collect-unused-clients.ts';
import { ClientLogos } from './clients/logos/client-logos.ts';
import { outboundFetches } from './clients/outbound/outbound-fetches.ts';
import { composeApp } from './compose-app.ts';
import { defaultTenant } from './config.ts';
import type { GivenSettings, Settings } from './config.ts';
import { createEntrance } from './entrance/entrance.ts';
import { IssuerAddress } from './entrance/issuer-address.ts';
import { reportReady } from './events.ts';
import { readKeyEncryption } from './keys/key-encryption.ts';
import type { KeyEncryption } from './keys/key-encryption.ts';
import { keyPolicy } from './keys/key-life-cycle.ts';
import { loadServerSecrets } from './keys/load-server-secrets.ts';
import { readPublicKeys } from './keys/public-part.ts';
import { SigningKeyKeeper } from './keys/signing-key-keeper.ts';
import { reportFirstAdministrator } from './report-first-administrator.ts';
import { CatalogFollower } from './resources/catalog-follower.ts';
import { Resources } from './resources/resources.ts';
import { OutboxPublisher } from './revocation/outbox-publisher.ts';
import { entities } from './storage/entities.ts';
import { migrations } from './storage/migrations/index.ts';
import { listenForStepUps } from './step-up/step-up-listener.ts';
import { startSweeping } from './storage/sweep-expired.ts';

/** Slow senders are cut: the defaults of Node are 60 s and 300 s. */
const timeouts = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 };

/** A running authorization server with the addresses that it got. */
export interface RunningServer extends RunningApp {
  issuer: string;
  port: number;
  adminPort: number;
}

/** What was opened, in order; it is closed in the opposite order. */
class Opened {
  readonly #closers: (() => Promise<unknown>)[] = [];

  add(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close();
  }
}

/**
 * Starts an authorization server. What it opened is closed again when the start fails.
 * @throws StartError in one sentence for everything that the operator can mend.
 */
export async function startServer(given: GivenSettings, logger: Logger): Promise<RunningServer> {
  const opened = new Opened();
  try {
    return await openAll(given, logger, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openAll(given: GivenSettings, logger: Logger, opened: Opened): Promise<RunningServer> {
  const encryption = readKeyEncryption(given);
  const { ofClients: outbound, ofLogos } = outboundFetches(given);
  const health = new Health();
  const front = await listenEarly(given, opened);
  const settings: Settings = { ...given, AUTH_ISSUER: given.AUTH_ISSUER ?? `http://localhost:${front.port}` };
  const address = new IssuerAddress(settings.AUTH_ISSUER);
  const admin = await startAdminServer({
    settings,
    port: settings.AUTH_ADMIN_PORT,
    portSetting: 'AUTH_ADMIN_PORT',
    health,
  });
  opened.add(() => admin.close());

  const dataSource = await openStorage(settings, logger, opened);
  const { secrets, resources } = await prepareStorage(settings, dataSource, encryption);
  const audit = new BoundedAudit(dataSource, logger);
  const fetchesPerMinute = settings.AUTH_DOCUMENT_FETCHES_PER_MINUTE;
  const documents = settings.AUTH_CLIENT_METADATA_DOCUMENTS
    ? new ClientDocuments({
        dataSource,
        audit,
        outbound,
        fetchesPerMinute,
        logger,
      })
    : undefined;
  const logos = new ClientLogos({ dataSource, outbound: ofLogos, fetchesPerMinute, logger });
  const core = { settings, logger, dataSource, audit, encryption, secrets, resources, outbound, documents, logos };
  const app = await composeApp(core, front.server, logger);
  opened.add(() => app.close());
  const outbox = new OutboxPublisher({
    dataSource,
    databaseUrl: settings.DATABASE_URL,
    issuer: settings.AUTH_ISSUER,
    readKeySet: () => readPublicKeys(dataSource.manager, encryption),
    logger,
  });
  const keeper = new SigningKeyKeeper(
    {
      dataSource,
      encryption,
      policy: keyPolicy(settings),
      logger,
      use: (keys) => {
        app.useSigningKeys(keys);
        outbox.tellKeys();
      },
    },
    secrets.signingKeys,
  );
  opened.add(() => keeper.stop());
  const catalog = new CatalogFollower({
    settings,
    dataSource,
    logger,
    onConnected: (connection) => {
      const hierarchy = new ScopeHierarchy(settings.GATEWAY_SCOPE_HIERARCHY);
      listenForStepUps(connection, { dataSource, hierarchy, logger });
      outbox.publishOn(connection);
    },
  });
  opened.add(() => catalog.stop());
  opened.add(() => outbox.stop());
  // Before the app closes, which answers what is in flight, and before the last revocations are told.
  opened.add(() => drainServer(front.server));
  front.answerWith(createEntrance({ ...app, address, trustedProxies: settings.AUTH_TRUSTED_PROXIES, audit, logger }));

  health.addReadinessCheck('database', checkDatabase(dataSource));
  health.markStarted();
  const addresses = { issuer: settings.AUTH_ISSUER, port: front.port, adminPort: admin.port };
  reportReady(logger, addresses);
  return {
    ...addresses,
    stop: async () => {
      health.markDraining();
      await opened.close();
    },
  };
}

/** Binds the port first, so that a port in use is told before anything else is touched. Until ready it answers 503. */
async function listenEarly(given: GivenSettings, opened: Opened) {
  let answer: RequestListener = (request, response) => {
    request.resume();
    response.writeHead(503, { 'retry-after': '1', connection: 'close' }).end();
  };
  const server = createServer(timeouts, (request, response) => answer(request, response));
  const port = await listen(server, { host: given.HOST, port: given.AUTH_PORT, portSetting: 'AUTH_PORT' });
  opened.add(() => drainServer(server));
  return {
    server,
    port,
    answerWith: (listener: RequestListener) => {
      answer = listener;
    },
  };
}

async function openStorage(settings: Settings, logger: Logger, opened: Opened): Promise<DataSource> {
  const dataSource = await openDatabase({
    url: settings.DATABASE_URL,
    schema: 'auth',
    applicationName: 'gatehouse-authorization-server',
    entities,
    migrations,
    logger,
  });
  opened.add(() => dataSource.destroy());
  const sweep = startSweeping(dataSource, logger, () =>
    collectUnusedClients(dataSource, {
      neverUsedHours: settings.AUTH_NEVER_USED_CLIENT_HOURS,
      unusedDays: settings.AUTH_UNUSED_CLIENT_DAYS,
    }),
  );
  opened.add(() => sweep.stop());
  return dataSource;
}

/**
 * Reads, and at the first start writes, what every request needs.
 * @throws StartError in one sentence for a database that is damaged, full, read-only or gone again.
 */
async function prepareStorage(settings: Settings, dataSource: DataSource, encryption: KeyEncryption) {
  try {
    const secrets = await loadServerSecrets(dataSource, encryption, keyPolicy(settings));
    const resources = new Resources(dataSource, settings.GATEWAY_PUBLIC_URL);
    await resources.seed();
    await createFirstAdministrator(dataSource, {
      tenantId: defaultTenant,
      email: settings.GATEHOUSE_ADMIN_EMAIL,
      ...(settings.GATEHOUSE_ADMIN_PASSWORD === undefined ? {} : { password: settings.GATEHOUSE_ADMIN_PASSWORD }),
      report: (signIn) => reportFirstAdministrator(settings, signIn),
    });
    return { secrets, resources };
  } catch (cause) {
    throw explainDatabaseFailure(cause, settings.DATABASE_URL);
  }
}
