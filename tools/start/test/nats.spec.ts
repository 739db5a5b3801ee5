import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connectNats, inboxPrefix } from '@gatehouse/messaging';
import { createLogger } from '@gatehouse/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { isRunning, makeTemporaryFolder, startEmbeddedNats } from '../src/index.ts';
import { listRoles, natsIdentities } from '../src/roles.ts';

const folder = makeTemporaryFolder('gatehouse-nats-test-');
const dataDir = folder.path;
afterAll(() => folder.remove());

const roles = listRoles(['files']);
const passwords = Object.fromEntries(roles.map(({ name }) => [name, `password of ${name}`]));
const identities = natsIdentities(roles, passwords);

function connectAs(url: string, name: string, password = passwords[name]) {
  return connectNats({
    servers: url,
    user: name,
    password,
    name,
    inboxPrefix: inboxPrefix(roles.find((role) => role.name === name)!.nats),
    logger: createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' }),
  });
}

describe('the embedded NATS', () => {
  it('admits every role with its own password, carries 8 MiB and nobody else', async () => {
    const server = await startEmbeddedNats({ dataDir, identities });
    for (const { name } of roles) {
      const connection = await connectAs(server.url, name);
      expect(connection.info).toMatchObject({ jetstream: true, max_payload: 8 * 1024 * 1024 });
      await connection.close();
    }
    await expect(connectAs(server.url, 'gateway', 'wrong')).rejects.toThrow(/refuses this identity/);
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
  });

  it('refuses a worker that publishes a call', async () => {
    const server = await startEmbeddedNats({ dataDir, identities });
    const connection = await connectAs(server.url, 'worker-files');
    const refusal = (async () => {
      for await (const status of connection.status()) if (status.type === 'error') return String(status.error);
      return undefined;
    })();
    connection.publish('gh.call.default.files.any');
    expect(await refusal).toMatch(/Permissions Violation for Publish to "gh\.call\.default\.files\.any"/);
    await connection.close();
    await server.stop();
  });

  it('does not start, and says why in one sentence, when its store is not a folder', async () => {
    const damaged = path.join(dataDir, 'damaged');
    mkdirSync(damaged);
    writeFileSync(path.join(damaged, 'jetstream'), 'garbage');
    const error = await startEmbeddedNats({ dataDir: damaged, identities }).catch((cause: unknown) => cause as Error);
    expect(error).toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(/^NATS does not start on .*\.$/),
    });
    rmSync(damaged, { recursive: true });
  });

  it.each([
    ['description of a stream', 'meta.inf', /Stream metafile "\S+": checksums do not match;/],
    ['description of a consumer', 'obs/c/meta.inf', /Error unmarshalling consumer metafile "\S+": .*;/],
  ])(
    'does not start without what is in it when the %s is damaged, and leaves it there',
    async (_what, name, reason) => {
      const damaged = path.join(dataDir, 'damaged');
      mkdirSync(damaged);
      const server = await startEmbeddedNats({ dataDir: damaged });
      const connection = await connectAs(server.url, 'gateway');
      const ask = (api: string, body: object) => connection.request(`$JS.API.${api}`, JSON.stringify(body));
      await ask('STREAM.CREATE.s', { name: 's', subjects: ['s'], retention: 'limits', storage: 'file' });
      await ask('CONSUMER.DURABLE.CREATE.s.c', {
        stream_name: 's',
        config: { durable_name: 'c', ack_policy: 'explicit' },
      });
      await connection.close();
      await server.stop();
      const file = path.join(damaged, 'jetstream/jetstream/$G/streams/s', name);
      const size = readFileSync(file).length;
      writeFileSync(file, Buffer.alloc(size, 0x96));
      await expect(startEmbeddedNats({ dataDir: damaged })).rejects.toMatchObject({
        name: 'StartError',
        message: expect.stringMatching(reason),
      });
      expect(readFileSync(file)).toEqual(Buffer.alloc(size, 0x96));
      rmSync(damaged, { recursive: true });
    },
  );
});
