import path from 'node:path';
import type { StartSettings } from './config.ts';
import type { DataDir } from './data-dir.ts';
import { writeEnvironmentFile } from './environment-file.ts';
import type { Passwords } from './generated-secrets.ts';
import type { StackRole } from './roles.ts';

/** Where the stack's services and public addresses are. */
export interface StackAddresses {
  /** Absent when the operator gave DATABASE_URL. */
  embeddedDatabaseUrl?: string;
  /** Absent when the operator gave NATS_URL. */
  embeddedNatsUrl?: string;
  gatewayPublicUrl: string;
  issuer: string;
}

/** For the authorization server alone: no other process may open the database or the keys. */
const authorizationServerOnly = new Set(
  ['DATABASE_URL', 'GATEHOUSE_ENCRYPTION_KEY', 'GATEHOUSE_ENCRYPTION_KEY_PREVIOUS', 'GATEHOUSE_ADMIN_PASSWORD'].flatMap(
    (name) => [name, `${name}_FILE`],
  ),
);

/** A second gateway or authorization server takes any free port. */
const anyPort: Record<string, Record<string, string>> = {
  gateway: { GATEWAY_PORT: '0', GATEWAY_ADMIN_PORT: '0' },
  'authorization-server': { AUTH_PORT: '0', AUTH_ADMIN_PORT: '0' },
};

/**
 * What a process of a role needs to know of this stack. It is written to the role's environment file too, for a second
 * process; what the operator gave is not repeated there.
 */
export function roleEnvironment(
  role: StackRole,
  stack: { settings: StartSettings; dataDir: DataDir; passwords: Passwords; addresses: StackAddresses },
): Record<string, string> {
  const { settings, dataDir, passwords, addresses } = stack;
  const { embeddedDatabaseUrl: databaseUrl, embeddedNatsUrl: natsUrl, gatewayPublicUrl, issuer } = addresses;
  const bus = { NATS_URL: natsUrl, NATS_USER: role.name, NATS_PASSWORD: passwords.nats[role.name] };
  const publicUrls = { GATEWAY_PUBLIC_URL: gatewayPublicUrl, AUTH_ISSUER: issuer };
  const madeKey = settings.GATEHOUSE_ENCRYPTION_KEY === undefined ? dataDir.encryptionKeyFile : undefined;
  const madeStateKey = settings.GATEHOUSE_STATE_KEYS === undefined ? passwords.stateKeys[role.name] : undefined;
  return withoutAbsent({
    ...(natsUrl === undefined ? {} : bus),
    ...(role.nats.role === 'worker' ? { FILES_ROOT: settings.FILES_ROOT } : publicUrls),
    ...(role.nats.role === 'authorization-server'
      ? { DATABASE_URL: databaseUrl, GATEHOUSE_ENCRYPTION_KEY_FILE: madeKey }
      : { GATEHOUSE_STATE_KEYS: madeStateKey }),
  });
}

/** Where a role's environment file is. */
function environmentFile(dataDir: DataDir, roleName: string): string {
  return path.join(dataDir.environments, `${roleName}.env`);
}

/** Writes the environment file of every role, from which one more process of it starts. */
export function writeRoleEnvironments(roles: StackRole[], stack: Parameters<typeof roleEnvironment>[1]): void {
  for (const role of roles) {
    writeEnvironmentFile(environmentFile(stack.dataDir, role.name), {
      ...roleEnvironment(role, stack),
      ...anyPort[role.name],
    });
  }
}

/** The operator's environment as far as it concerns a role. */
export function inheritedEnvironment(role: StackRole, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (role.nats.role === 'authorization-server') return environment;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !authorizationServerOnly.has(name)));
}

function withoutAbsent(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
