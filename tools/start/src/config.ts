import path from 'node:path';
import {
  commonSettings,
  emailAddress,
  httpUrl,
  list,
  loadSettings,
  password,
  port,
  secret,
  wholeNumber,
} from '@gatehouse/runtime';
import { z } from 'zod';
import { root } from './build.ts';

const serverName = /^[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$/;

/** The settings of `npm start`; every other variable is passed on to the processes that it starts. */
export const startSettings = z.object({
  ...commonSettings,
  // Three apps drain one after the other, and Ctrl-C ends the whole stack within ten seconds.
  SHUTDOWN_TIMEOUT_MS: wholeNumber(2_000, { min: 1_000, max: 600_000 }, 'Longest drain of each process at the end'),
  GATEHOUSE_DATA_DIR: z.string().default('.gatehouse').describe('Folder of everything that the local stack keeps'),
  GATEHOUSE_WORKER_SERVERS: list('Servers, beside `files`, whose workers the local stack makes an identity for').refine(
    (names) => names.every((name) => serverName.test(name)),
    'must be server names: at most 24 of a-z, 0-9 and -, neither first nor last a -',
  ),
  GATEWAY_PORT: port(3000, 'Port of the MCP endpoint'),
  GATEWAY_ADMIN_PORT: port(3001, 'Port of the probes of the gateway'),
  AUTH_PORT: port(4000, 'Port of the authorization server'),
  AUTH_ADMIN_PORT: port(4001, 'Port of the probes of the authorization server'),
  GATEWAY_PUBLIC_URL: httpUrl('Public URL of the gateway').optional(),
  AUTH_ISSUER: httpUrl('Issuer identifier').optional(),
  DATABASE_URL: secret(z.string().optional().describe('PostgreSQL to use instead of the embedded one')),
  NATS_URL: z.string().optional().describe('NATS to use instead of the embedded one'),
  NATS_USER: z.string().optional().describe('User at that NATS'),
  NATS_PASSWORD: secret(z.string().optional().describe('Password of that user')),
  FILES_ROOT: z.string().optional().describe('Directory served by the built-in files server'),
  GATEHOUSE_ENCRYPTION_KEY: secret(z.string().optional().describe('Key-encryption key to use instead of a made one')),
  GATEHOUSE_STATE_KEYS: secret(z.string().optional().describe('State keys of all roles to use instead of made ones')),
  GATEHOUSE_ADMIN_EMAIL: emailAddress('Sign-in of the first administrator').default('admin@localhost'),
  GATEHOUSE_ADMIN_PASSWORD: secret(password('Password of the first administrator').optional()),
});

/** Parsed settings, with absolute paths. */
export type StartSettings = z.output<typeof startSettings> & { FILES_ROOT: string };

/**
 * Reads the environment once.
 * @throws StartError naming every bad variable.
 */
export function readStartSettings(environment: NodeJS.ProcessEnv): StartSettings {
  const settings = loadSettings(startSettings, environment);
  const dataDir = path.resolve(root, settings.GATEHOUSE_DATA_DIR);
  return {
    ...settings,
    GATEHOUSE_DATA_DIR: dataDir,
    GATEHOUSE_WORKER_SERVERS: [...new Set(['files', ...settings.GATEHOUSE_WORKER_SERVERS])],
    FILES_ROOT: path.resolve(root, settings.FILES_ROOT ?? path.join(dataDir, 'workspace')),
  };
}
