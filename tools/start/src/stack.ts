import { maskCredentials, StartError } from '@gatehouse/runtime';
import { writeRoleEnvironments } from './app-environments.ts';
import { startApps } from './apps.ts';
import { showBanner, showSignIn } from './banner.ts';
import { readStartSettings } from './config.ts';
import type { StartSettings } from './config.ts';
import { makeWorkspace, openDataDir } from './data-dir.ts';
import type { DataDir } from './data-dir.ts';
import { startEmbeddedServices } from './embedded-services.ts';
import { parseFirstAdministrator } from './first-administrator.ts';
import { ensureEncryptionKey, readPasswords } from './generated-secrets.ts';
import { dismissGuardian, guardianPid } from './guard.ts';
import { say } from './output.ts';
import { checkDatabase, checkNats } from './own-services.ts';
import { claimPorts } from './ports.ts';
import { endLeftovers, ProcessRecord } from './process-record.ts';
import { listRoles } from './roles.ts';
import { StopRequest } from './stop-request.ts';
import { watchSources } from './watch-sources.ts';

/**
 * Runs the local stack until it is asked to stop or cannot go on, then ends everything in the reverse order of its start.
 * @returns the exit code: 0 when asked to stop, 1 after a failure, which has been said in one sentence.
 */
export async function runStack(options: { watch: boolean }): Promise<number> {
  const stop = new StopRequest();
  const started = new AsyncDisposableStack();
  try {
    await startStack(started, stop, options);
  } catch (error) {
    if (!stop.signal.aborted) stop.fail(error as Error);
  }
  const reason = await stop.reason;
  if (reason.kind === 'failed') process.stderr.write(`start: ${explain(reason.error)}\n`);
  else say('stopping ...');
  await started.disposeAsync();
  await dismissGuardian();
  if (reason.kind === 'failed') return 1;
  say('stopped');
  return 0;
}

/** The list of steps. Each throws a StartError in one sentence when it cannot be done. */
async function startStack(
  started: AsyncDisposableStack,
  stop: StopRequest,
  options: { watch: boolean },
): Promise<void> {
  const startedAt = performance.now();
  const settings = readStartSettings(process.env);
  const { dataDir, lock } = openDataDir(settings.GATEHOUSE_DATA_DIR);
  started.defer(() => lock.release());
  const record = await recoverFromCrash(dataDir);
  started.defer(() => record.clear());
  const ports = await claimPorts(settings);
  if (settings.DATABASE_URL !== undefined) await checkDatabase(settings.DATABASE_URL);
  if (settings.NATS_URL !== undefined) await checkNats(settings.NATS_URL, settings);
  makeWorkspace(settings.FILES_ROOT, dataDir);
  const roles = listRoles(settings.GATEHOUSE_WORKER_SERVERS);
  const passwords = readPasswords(
    dataDir,
    roles.map(({ name }) => name),
  );
  if (settings.GATEHOUSE_ENCRYPTION_KEY === undefined) ensureEncryptionKey(dataDir);

  const services = await startEmbeddedServices({ settings, dataDir, passwords, roles, record }, started, stop);
  stop.signal.throwIfAborted();
  const gatewayPublicUrl = settings.GATEWAY_PUBLIC_URL ?? `http://localhost:${ports.GATEWAY_PORT}`;
  const issuer = settings.AUTH_ISSUER ?? `http://localhost:${ports.AUTH_PORT}`;
  const stack = { settings, dataDir, passwords, addresses: { ...services, gatewayPublicUrl, issuer } };
  writeRoleEnvironments(roles, stack);

  say('starting the authorization server, a worker and the gateway ...');
  const signIn = new SignInReport(settings);
  const apps = await startApps(
    { ...stack, roles, ports, record, environment: process.env, takeReport: (line) => signIn.take(line) },
    started,
    stop.signal,
  );
  signIn.showBanner(`${gatewayPublicUrl}/mcp`, issuer);
  say(`ready ${gatewayPublicUrl}/mcp (in ${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  if (options.watch) started.defer(watchSources(apps, stop.signal));
}

/** Ends what a killed stack left behind, and begins the record of this one. */
async function recoverFromCrash(dataDir: DataDir): Promise<ProcessRecord> {
  const record = new ProcessRecord(dataDir.processesFile);
  const leftovers = record.readLeftovers();
  if (leftovers.length > 0) {
    say('the last stack on this data directory was killed: ending what is left of it ...');
    await endLeftovers(leftovers);
  }
  record.add('start', process.pid);
  record.add('guardian', guardianPid());
  return record;
}

/**
 * Shows the made-up password of the first administrator as soon as it is known: it exists nowhere else, and the account is
 * kept when it was shown.
 */
class SignInReport {
  readonly #settings: StartSettings;
  #shown = false;

  constructor(settings: StartSettings) {
    this.#settings = settings;
  }

  take(line: string): boolean {
    const administrator = parseFirstAdministrator(line);
    if (!administrator) return false;
    showSignIn(administrator);
    this.#shown = true;
    return true;
  }

  showBanner(mcpUrl: string, issuer: string): void {
    showBanner(this.#settings, { mcpUrl, issuer }, { passwordShown: this.#shown });
  }
}

function explain(error: Error): string {
  return error instanceof StartError ? error.message : maskCredentials(error.stack ?? String(error));
}
