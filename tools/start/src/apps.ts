import { inheritedEnvironment, roleEnvironment } from './app-environments.ts';
import type { StackAddresses } from './app-environments.ts';
import { AppProcess } from './app-process.ts';
import type { StartSettings } from './config.ts';
import type { DataDir } from './data-dir.ts';
import { firstAdministratorShown } from './first-administrator.ts';
import { findFreePort } from './free-port.ts';
import type { Passwords } from './generated-secrets.ts';
import { chooseFormat, showLine } from './output.ts';
import type { AppPorts } from './ports.ts';
import type { ProcessRecord } from './process-record.ts';
import type { StackRole } from './roles.ts';

/** What the apps are started from. */
interface AppsContext {
  settings: StartSettings;
  dataDir: DataDir;
  passwords: Passwords;
  addresses: StackAddresses;
  roles: StackRole[];
  ports: AppPorts;
  record: ProcessRecord;
  /** The environment of `npm start`. */
  environment: NodeJS.ProcessEnv;
  /** Takes a line of the authorization server that is meant for the stack; true when it was one. */
  takeReport: (line: string) => boolean;
}

/** What makes one app different from the others. */
interface AppPlan {
  /** Folder below `apps`. */
  name: string;
  roleName: string;
  probePort: number;
  /** Variables of its own. */
  own: Record<string, string | number>;
}

/** An app's kill follows its own limit by this much. */
const killDelayMs = 500;

/**
 * Starts the authorization server, a worker for `files` and the gateway, each as a process of its own, and resolves when
 * all are ready. They are added to `started` in this order, so that they end in the reverse one.
 */
export async function startApps(
  context: AppsContext,
  started: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Map<string, AppProcess>> {
  const { GATEWAY_PORT, GATEWAY_ADMIN_PORT, AUTH_PORT, AUTH_ADMIN_PORT } = context.ports;
  const workerAdminPort = await findFreePort();
  const apps = new Map<string, AppProcess>();
  const start = (plan: AppPlan) => {
    const app = startApp(context, plan);
    apps.set(plan.name, app);
    started.defer(() => app.stop());
    return app.waitUntilReady(signal);
  };
  const authorizationServerReady = start({
    name: 'authorization-server',
    roleName: 'authorization-server',
    probePort: AUTH_ADMIN_PORT,
    own: { AUTH_PORT, AUTH_ADMIN_PORT, GATEHOUSE_REPORT_FIRST_ADMIN: 'stdout' },
  });
  const workerReady = start({
    name: 'worker',
    roleName: 'worker-files',
    probePort: workerAdminPort,
    own: { WORKER_ADMIN_PORT: workerAdminPort },
  });
  // The gateway would start without its issuer too, but not without a warning.
  await Promise.all([authorizationServerReady, workerReady]);
  await start({
    name: 'gateway',
    roleName: 'gateway',
    probePort: GATEWAY_ADMIN_PORT,
    own: { GATEWAY_PORT, GATEWAY_ADMIN_PORT },
  });
  return apps;
}

function startApp(context: AppsContext, plan: AppPlan): AppProcess {
  const { settings, record, environment, takeReport } = context;
  const format = chooseFormat(settings.LOG_FORMAT);
  const role = context.roles.find(({ name }) => name === plan.roleName)!;
  const own = Object.entries(plan.own).map(([name, value]) => [name, String(value)]);
  return new AppProcess(
    {
      name: plan.name,
      environment: {
        ...inheritedEnvironment(role, environment),
        ...roleEnvironment(role, context),
        ...Object.fromEntries(own),
        SHUTDOWN_TIMEOUT_MS: String(settings.SHUTDOWN_TIMEOUT_MS),
        LOG_FORMAT: format,
        ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      },
      probes: `http://${probeHost(settings.HOST)}:${plan.probePort}`,
      stopGraceMs: settings.SHUTDOWN_TIMEOUT_MS + killDelayMs,
      show: (line) => {
        if (takeReport(line)) return firstAdministratorShown;
        showLine(plan.name, line, format);
        return undefined;
      },
    },
    record,
  );
}

/** The address to ask when an app binds to every address. */
function probeHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
