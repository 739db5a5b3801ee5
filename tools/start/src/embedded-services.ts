import { StartError } from '@gatehouse/runtime';
import pg from 'pg';
import type { StartSettings } from './config.ts';
import type { DataDir } from './data-dir.ts';
import type { Passwords } from './generated-secrets.ts';
import { startEmbeddedNats } from './nats.ts';
import type { EmbeddedNats } from './nats.ts';
import { say, showLine } from './output.ts';
import { chooseServicePorts } from './ports.ts';
import { startEmbeddedPostgres } from './postgres.ts';
import type { EmbeddedPostgres } from './postgres.ts';
import type { ProcessRecord } from './process-record.ts';
import { natsIdentities } from './roles.ts';
import type { StackRole } from './roles.ts';
import { StartLog } from './start-log.ts';
import type { StopRequest } from './stop-request.ts';

const databaseRole = 'authorization_server';
const databaseName = 'gatehouse';
const displayNames = { postgres: 'PostgreSQL', nats: 'NATS' };

/** What the embedded services are started from. */
interface ServicesContext {
  settings: StartSettings;
  dataDir: DataDir;
  passwords: Passwords;
  roles: StackRole[];
  record: ProcessRecord;
}

/**
 * Starts PostgreSQL and NATS as far as the operator did not name his own. Their unexpected end stops the stack: it means
 * a full disk or damaged files, which a new start would only hide.
 */
export async function startEmbeddedServices(
  context: ServicesContext,
  started: AsyncDisposableStack,
  stop: StopRequest,
): Promise<{ embeddedDatabaseUrl?: string; embeddedNatsUrl?: string }> {
  const { settings, dataDir, passwords, roles, record } = context;
  const ports = await chooseServicePorts(dataDir.portsFile);
  const keep = (name: 'postgres' | 'nats', service: EmbeddedPostgres | EmbeddedNats) => {
    record.add(name, service.pid);
    started.defer(() => service.stop());
    void service.ended.then(() => {
      record.remove(service.pid);
      if (!stop.signal.aborted) stop.fail(new StartError(`${displayNames[name]} ended by itself, so the stack stops.`));
    });
  };
  const services: { embeddedDatabaseUrl?: string; embeddedNatsUrl?: string } = {};
  if (settings.DATABASE_URL === undefined) {
    say('starting PostgreSQL ...');
    const log = new StartLog((line) => showLine('postgres', line, 'pretty'));
    services.embeddedDatabaseUrl = await log.during(async () => {
      const postgres = await startEmbeddedPostgres({
        dataDir: dataDir.postgres,
        port: ports.postgres,
        password: passwords.postgresSuperuser,
        onLog: (line) => / (WARNING|ERROR|FATAL|PANIC): /.test(line) && log.take(line),
      });
      keep('postgres', postgres);
      return prepareDatabase(postgres, passwords.authorizationServerDatabase).catch((cause: Error) => {
        throw new StartError(
          `The database in ${dataDir.postgres} cannot be used: ${cause.message}; restore the folder from a backup, or move it away to begin with an empty one.`,
          { cause },
        );
      });
    });
  }
  stop.signal.throwIfAborted();
  if (settings.NATS_URL === undefined) {
    say('starting NATS ...');
    const log = new StartLog((line) => showLine('nats', line, 'pretty'));
    const nats = await log.during(() =>
      startEmbeddedNats({
        dataDir: dataDir.nats,
        port: ports.nats,
        identities: natsIdentities(roles, passwords.nats),
        onLog: (line) => isWorthShowing(line) && log.take(line),
      }),
    );
    keep('nats', nats);
    services.embeddedNatsUrl = nats.url;
  }
  return services;
}

/** The passwords stand in a file of mode 0600 that this stack wrote; NATS warns of them at every start. */
function isWorthShowing(line: string): boolean {
  return /\[(WRN|ERR|FTL)\]/.test(line) && !line.includes('Plaintext passwords detected');
}

/** Makes the authorization server's role and database where they are absent; returns the role's URL. */
async function prepareDatabase(postgres: EmbeddedPostgres, password: string): Promise<string> {
  const connection = new pg.Client({ connectionString: postgres.url });
  // A lost connection fails the query that waits on it.
  connection.on('error', () => {});
  await connection.connect();
  try {
    const roles = await connection.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [databaseRole]);
    if (roles.rowCount === 0) {
      await connection.query(`CREATE ROLE ${databaseRole} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
    }
    const databases = await connection.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName]);
    if (databases.rowCount === 0) await connection.query(`CREATE DATABASE ${databaseName} OWNER ${databaseRole}`);
  } finally {
    await connection.end();
  }
  return `postgres://${databaseRole}:${password}@127.0.0.1:${postgres.port}/${databaseName}`;
}
