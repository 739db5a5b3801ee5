import { StartError } from '@gatehouse/runtime';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connectNats } from '../src/index.ts';
import { logger } from './bus.ts';

const connect = (servers: string) => connectNats({ servers, name: 'test', inboxPrefix: '_INBOX_test', logger });

describe('connecting to NATS', () => {
  it.each([
    ['an http URL', 'http://127.0.0.1:4222'],
    ['no URL', 'nats'],
    ['nothing', ''],
    ['a list with nothing in it', 'nats://127.0.0.1:4222,'],
  ])('is refused for %s with a sentence that names NATS_URL', async (_, servers) => {
    const failure = connect(servers);
    await expect(failure).rejects.toBeInstanceOf(StartError);
    await expect(failure).rejects.toThrow(/NATS_URL names /);
  });

  it('fails with one sentence when nobody answers, without the password', async () => {
    const failure = connect('nats://user:hunter2@127.0.0.1:1');
    await expect(failure).rejects.toBeInstanceOf(StartError);
    await expect(failure).rejects.toThrow(/NATS does not answer at nats:\/\/user:\[masked\]@127\.0\.0\.1:1/);
  });

  it('gives up within seconds on a port where something else listens', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    await expect(connect(`nats://127.0.0.1:${(silent.address() as AddressInfo).port}`)).rejects.toBeInstanceOf(
      StartError,
    );
    silent.close();
  });
});
