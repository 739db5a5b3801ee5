import { describe, expect, it } from 'vitest';
import { inheritedEnvironment, roleEnvironment } from './app-environments.ts';
import { readStartSettings } from './config.ts';
import { describeDataDir } from './data-dir.ts';
import { listRoles } from './roles.ts';
import type { StackRole } from './roles.ts';

const roles = listRoles(['files', 'conformance']);
const roleOf = (name: string): StackRole => roles.find((role) => role.name === name)!;
const passwords = {
  postgresSuperuser: 'a',
  authorizationServerDatabase: 'b',
  nats: Object.fromEntries(roles.map(({ name }) => [name, `password of ${name}`])),
  stateKeys: Object.fromEntries(roles.map(({ name }) => [name, `state key of ${name}`])),
};
const addresses = {
  embeddedDatabaseUrl: 'postgres://authorization_server:b@127.0.0.1:5/gatehouse',
  embeddedNatsUrl: 'nats://127.0.0.1:4',
  gatewayPublicUrl: 'http://localhost:3000',
  issuer: 'http://localhost:4000',
};

function environmentOf(name: string, given: NodeJS.ProcessEnv = {}, where: object = addresses) {
  const settings = readStartSettings({ GATEHOUSE_DATA_DIR: '/data', ...given });
  const stack = { settings, dataDir: describeDataDir('/data'), passwords, addresses: { ...addresses, ...where } };
  return roleEnvironment(roleOf(name), stack);
}

describe('the environment of a role', () => {
  it('has one NATS identity per role, and one worker per server name', () => {
    expect(roles.map(({ name }) => environmentOf(name))).toEqual(
      roles.map(({ name }) =>
        expect.objectContaining({
          NATS_USER: name,
          NATS_PASSWORD: `password of ${name}`,
          NATS_URL: 'nats://127.0.0.1:4',
        }),
      ),
    );
    expect(roles.map(({ name }) => name)).toEqual([
      'gateway',
      'authorization-server',
      'worker-files',
      'worker-conformance',
    ]);
  });

  it('names the database and the key to the authorization server alone', () => {
    expect(environmentOf('authorization-server')).toMatchObject({
      DATABASE_URL: addresses.embeddedDatabaseUrl,
      GATEHOUSE_ENCRYPTION_KEY_FILE: '/data/encryption.key',
    });
    for (const name of ['gateway', 'worker-files']) {
      expect(environmentOf(name)).not.toHaveProperty('DATABASE_URL');
      expect(environmentOf(name)).not.toHaveProperty('GATEHOUSE_ENCRYPTION_KEY_FILE');
    }
  });

  it('names the state keys of a role to that role alone, and none to the authorization server', () => {
    expect(environmentOf('gateway')).toMatchObject({ GATEHOUSE_STATE_KEYS: 'state key of gateway' });
    expect(environmentOf('worker-files')).toMatchObject({ GATEHOUSE_STATE_KEYS: 'state key of worker-files' });
    expect(environmentOf('authorization-server')).not.toHaveProperty('GATEHOUSE_STATE_KEYS');
    expect(environmentOf('gateway', { GATEHOUSE_STATE_KEYS: 'given' })).not.toHaveProperty('GATEHOUSE_STATE_KEYS');
  });

  it('repeats nothing that the operator gave', () => {
    const given = { GATEHOUSE_ENCRYPTION_KEY: 'k', DATABASE_URL: 'postgres://own', NATS_URL: 'nats://own' };
    const own = { embeddedDatabaseUrl: undefined, embeddedNatsUrl: undefined };
    expect(environmentOf('authorization-server', given, own)).toEqual({
      GATEWAY_PUBLIC_URL: 'http://localhost:3000',
      AUTH_ISSUER: 'http://localhost:4000',
    });
  });
});

describe('the first administrator', () => {
  it.each([
    ['GATEHOUSE_ADMIN_EMAIL', 'nonsense'],
    ['GATEHOUSE_ADMIN_PASSWORD', 'short'],
  ])('who could not sign in stops the start before anything is made: %s', (name, value) => {
    expect(() => readStartSettings({ [name]: value })).toThrow(`Bad settings - ${name}: must be `);
  });
});

describe('the environment that a process inherits', () => {
  const given = {
    LOG_LEVEL: 'debug',
    GATEWAY_SCOPE_HIERARCHY: '*:write > *:read',
    DATABASE_URL: 'x',
    DATABASE_URL_FILE: 'x',
    GATEHOUSE_ENCRYPTION_KEY: 'x',
    GATEHOUSE_ENCRYPTION_KEY_FILE: 'x',
    GATEHOUSE_ENCRYPTION_KEY_PREVIOUS: 'x',
    GATEHOUSE_ADMIN_PASSWORD: 'x',
  };

  it.each(['gateway', 'worker-files'])('holds no secret of the authorization server for %s', (name) => {
    expect(inheritedEnvironment(roleOf(name), given)).toEqual({
      LOG_LEVEL: 'debug',
      GATEWAY_SCOPE_HIERARCHY: '*:write > *:read',
    });
  });

  it('is whole for the authorization server', () => {
    expect(inheritedEnvironment(roleOf('authorization-server'), given)).toEqual(given);
  });
});
