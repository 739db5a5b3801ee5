import type { Logger } from '@gatehouse/runtime';
import { maskCredentials, secret, StartError } from '@gatehouse/runtime';
import type { NatsConnection } from '@nats-io/transport-node';
import { connect, errors } from '@nats-io/transport-node';
import { z } from 'zod';
import { logBusStatus, logOldServer } from './events.ts';
import { isUnsafeServer, safeServerVersion } from './server-version.ts';

/** The settings of every process that uses NATS. */
export const natsSettings = {
  NATS_URL: z
    .string()
    .default('nats://127.0.0.1:4222')
    .describe('NATS servers, comma separated (`nats://` or `tls://`); embedded by the local stack when unset'),
  NATS_USER: z.string().optional().describe("User of this process's role at NATS"),
  NATS_PASSWORD: secret(z.string().optional().describe('Password of that user')),
};

/** Where NATS is and who connects. */
interface NatsOptions {
  /** `NATS_URL`: one URL or several, comma separated. */
  servers: string;
  user?: string | undefined;
  password?: string | undefined;
  /** Shown by NATS's own tools. */
  name: string;
  /** Made by `inboxPrefix`, so that the role's permissions cover it. */
  inboxPrefix: string;
  logger: Logger;
}

/**
 * Connects to NATS and stays connected: reconnects for ever, and notices a silent server within seconds.
 * @throws StartError in one sentence when the address is wrong, nobody answers there or the credentials are refused.
 */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  const servers = options.servers.split(',').map((server) => server.trim());
  for (const server of servers) checkServerUrl(server);
  const connection = await connect({
    servers,
    name: options.name,
    inboxPrefix: options.inboxPrefix,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.password === undefined ? {} : { pass: options.password }),
    // nats.js gives up after ten attempts by default; a process must outlive any outage of the bus.
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    pingInterval: 2_500,
    maxPingOut: 2,
    timeout: 2_000,
  }).catch((cause: unknown) => {
    throw explainConnectFailure(options.servers, cause);
  });
  warnOfOldServer(connection, options.logger);
  void logStatuses(connection, options.logger);
  return connection;
}

function checkServerUrl(server: string): void {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url && /^(nats|tls):$/.test(url.protocol) && url.hostname !== '') return;
  throw new StartError(
    `NATS_URL names ${maskCredentials(server) || 'nothing'}, which is not a NATS address: write it like nats://127.0.0.1:4222.`,
  );
}

function explainConnectFailure(servers: string, cause: unknown): StartError {
  const where = maskCredentials(servers);
  if (cause instanceof errors.AuthorizationError || cause instanceof errors.UserAuthenticationExpiredError) {
    return new StartError(`NATS at ${where} refuses this identity: check NATS_USER and NATS_PASSWORD.`, { cause });
  }
  return new StartError(`NATS does not answer at ${where}: start it, or set NATS_URL to where it runs.`, { cause });
}

function warnOfOldServer(connection: NatsConnection, logger: Logger): void {
  const { version, host } = connection.info ?? {};
  if (version === undefined || !isUnsafeServer(version, connection.getServer())) return;
  logOldServer(logger, { version, host, wanted: safeServerVersion });
}

async function logStatuses(connection: NatsConnection, logger: Logger): Promise<void> {
  for await (const status of connection.status()) logBusStatus(logger, status);
}
