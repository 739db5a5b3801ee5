import { ScopeHierarchy } from '@gatehouse/auth';
import { natsSettings } from '@gatehouse/messaging';
import {
  commonSettings,
  emailAddress,
  flag,
  httpUrl,
  list,
  loadSettings,
  password,
  port,
  secret,
  wholeNumber,
} from '@gatehouse/runtime';
import { z } from 'zod';
import { signingAlgorithms } from './keys/signing-algorithm.ts';

/** The settings of the authorization server; `process.env` is read nowhere else. */
export const authorizationServerSettings = z.object({
  ...commonSettings,
  ...natsSettings,
  AUTH_PORT: port(4000, 'Port of the authorization server'),
  AUTH_ADMIN_PORT: port(4001, 'Port of the probes of the authorization server'),
  AUTH_ISSUER: httpUrl(
    'Issuer identifier, the public URL of the authorization server; `http://localhost:<AUTH_PORT>` when unset',
  ).optional(),
  DATABASE_URL: secret(z.string().describe('PostgreSQL of the authorization server, `postgres://...`')),
  GATEWAY_PUBLIC_URL: httpUrl(
    'Public URL of the gateway; its MCP endpoints are the resources that tokens are issued for',
  ).default('http://localhost:3000'),
  GATEWAY_SCOPE_HIERARCHY: list('')
    .refine(
      (entries) => entries.every((entry) => ScopeHierarchy.isEntry(entry)),
      'must be entries like `files:admin > files:write` or `*:write > *:read`',
    )
    .describe(
      'Scopes that include others, comma separated, each `broader > narrower`; `*` stands for every server: `*:write > *:read`; ' +
        'the same for gateways and authorization servers',
    ),
  GATEHOUSE_ENCRYPTION_KEY: secret(
    z.string().describe('Key-encryption key of the stored secrets: 32 bytes in base64, `openssl rand -base64 32`'),
  ),
  GATEHOUSE_ENCRYPTION_KEY_PREVIOUS: secret(
    z.string().default('').describe('Older key-encryption keys, comma-separated; they open, but no longer seal'),
  ),
  GATEHOUSE_ADMIN_EMAIL: emailAddress(
    'Sign-in of the first administrator, who is created when there is no account',
  ).default('admin@localhost'),
  GATEHOUSE_ADMIN_PASSWORD: secret(
    password('Password of the first administrator; made up and shown once when unset').optional(),
  ),
  GATEHOUSE_REPORT_FIRST_ADMIN: z
    .enum(['stderr', 'stdout'])
    .default('stderr')
    .describe('Where a made-up password is shown: `stderr` for people, `stdout` as one line for the local stack'),
  AUTH_REFRESH_GRACE_SECONDS: wholeNumber(
    120,
    { min: 0, max: 1_800 },
    'How long a rotated refresh token still gets the same successor, in seconds',
  ),
  AUTH_SIGNING_KEY_DAYS: wholeNumber(
    30,
    { min: 0, max: 3_650 },
    'How long a signing key signs until the next one takes over, in days; 0 for by command only',
  ),
  AUTH_SIGNING_ALGORITHM: z
    .enum(signingAlgorithms)
    .default('ES256')
    .describe('JWS algorithm of access tokens and ID tokens; after a change the keys are exchanged without a break'),
  AUTH_KEY_SET_MAX_AGE_SECONDS: wholeNumber(
    300,
    { min: 1, max: 86_400 },
    'How long resource servers may cache the key set; a new key is published for longer before it signs',
  ),
  AUTH_TRUSTED_PROXIES: wholeNumber(
    0,
    { min: 0, max: 10 },
    'How many proxies in front of this server write X-Forwarded-For; the address before them is the caller',
  ),
  AUTH_REGISTRATIONS_PER_MINUTE: wholeNumber(
    30,
    { min: 1, max: 1_000_000 },
    'Most dynamic registrations, and updates of registered clients, from one address in a minute',
  ),
  AUTH_REGISTRATION: z
    .enum(['open', 'initial-access-token', 'off'])
    .default('open')
    .describe(
      'Who may register a client dynamically: anybody (`open`), whoever has an `initial-access-token`, or nobody (`off`)',
    ),
  AUTH_REGISTERED_CLIENTS_MAX: wholeNumber(
    10_000,
    { min: 1, max: 1_000_000 },
    'Most dynamically registered clients at a time; beyond, the oldest that was never used makes room',
  ),
  AUTH_NEVER_USED_CLIENT_HOURS: wholeNumber(
    24,
    { min: 1, max: 87_600 },
    'After how many hours a dynamically registered client goes that never obtained a token',
  ),
  AUTH_UNUSED_CLIENT_DAYS: wholeNumber(
    90,
    { min: 1, max: 3_650 },
    'After how many days without a new token a dynamically registered client goes, with its grants',
  ),
  AUTH_CLIENT_METADATA_DOCUMENTS: flag(
    true,
    'Whether a client may be described by a metadata document, whose https URL is its client id',
  ),
  AUTH_DOCUMENT_FETCHES_PER_MINUTE: wholeNumber(
    60,
    { min: 1, max: 1_000_000 },
    'Most metadata documents fetched in a minute for the requests of one address',
  ),
  AUTH_OUTBOUND_EXCEPTIONS: list(
    'Hosts of clients that may be fetched from though their addresses are not public, comma-separated, each ' +
      '`host[:port] network [CA file]`, such as `agents.corp.example 10.20.0.0/16 /etc/ssl/corp.pem`',
  ),
  AUTH_IDENTITY_PROVIDER_EXCEPTIONS: list(
    'Hosts of identity providers, as administrators set them, that may be fetched from though their addresses are not ' +
      'public; written as in `AUTH_OUTBOUND_EXCEPTIONS`, and neither list counts for the other',
  ),
  AUTH_EGRESS_PROXY: secret(
    httpUrl(
      'Proxy that everything named by clients and identity providers is fetched through, `http://[user:password@]host:port`; ' +
        'nothing else is connected to then',
    ).optional(),
  ),
});

/** Settings as they are parsed. */
export type GivenSettings = z.output<typeof authorizationServerSettings>;

/** Parsed settings, with the issuer filled in. */
export type Settings = GivenSettings & { AUTH_ISSUER: string };

/**
 * Only what opens the database: what the servers are set to otherwise, the environment of a command may not say.
 */
export const commandSettings = authorizationServerSettings.pick({
  DATABASE_URL: true,
  GATEHOUSE_ENCRYPTION_KEY: true,
  GATEHOUSE_ENCRYPTION_KEY_PREVIOUS: true,
});

/** What the commands of an operator need of the settings. */
export type CommandSettings = z.output<typeof commandSettings>;

/** @throws StartError naming what is missing. */
export function readCommandSettings(): CommandSettings {
  return loadSettings(commandSettings, process.env);
}

/** The variable that a reference `env:<NAME>` in an operator's file names. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}

/** How the operator gave the key-encryption key, as the subject of a sentence that asks for another. */
export function nameEncryptionKey(): string {
  const { GATEHOUSE_ENCRYPTION_KEY: key, GATEHOUSE_ENCRYPTION_KEY_FILE: file } = process.env;
  return key || !file ? 'GATEHOUSE_ENCRYPTION_KEY' : `The key in ${file} (GATEHOUSE_ENCRYPTION_KEY_FILE)`;
}

/** Injection token of {@link Settings}. */
export const SETTINGS = Symbol('settings of the authorization server');

/** Injection token of the process's pino logger. */
export const LOGGER = Symbol('logger of the authorization server');

/** The tenant of everything until tenants exist. */
export const defaultTenant = 'default';
