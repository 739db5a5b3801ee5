import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { findFreePort } from '@gatehouse/start';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Command } from '../support/command.ts';
import { isKnownClient, registerClient } from '../support/registration.ts';
import { Stack, stillRunning, waitUntilReady } from '../support/stack.ts';

const stopLimitMs = 10_000;

describe('npm start', () => {
  let stack: Stack;
  let oauthClientId: string;
  beforeAll(async () => {
    stack = await Stack.launch();
    oauthClientId = await registerClient(stack.issuer);
  });
  afterAll(() => stack.dispose());

  /** Every port of the stack is free again, and nothing in the data directory says that it runs. */
  async function expectNothingLeft(): Promise<void> {
    for (const port of Object.values(stack.ports)) expect(await findFreePort(port)).toBe(port);
    const left = readdirSync(stack.dataDir).filter((name) => /lock|processes/.test(name));
    expect(left).toEqual([]);
    expect(existsSync(path.join(stack.dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
  }

  it('prints the MCP URL, the sign-in, a client configuration and one ready line', async () => {
    const { output } = stack.command;
    expect(output).toContain(`MCP URL       ${stack.mcpUrl}`);
    expect(stack.readSignIn()).toEqual({ email: 'admin@localhost', password: expect.stringMatching(/^\S{12,}$/) });
    expect(output).toContain(`{"mcpServers":{"gatehouse":{"type":"http","url":"${stack.mcpUrl}"}}}`);
    expect(output.match(/^ready .*$/gm)).toEqual([expect.stringContaining(stack.mcpUrl)]);
    const [, seconds] = /^ready .*\(in ([\d.]+) s\)$/m.exec(output) ?? [];
    expect(Number(seconds)).toBeLessThan(15);
  });

  it('runs every part as a process of its own, in a directory that only its owner can enter', () => {
    expect(stack.processes().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['postgres', 'nats', 'authorization-server', 'worker', 'gateway']),
    );
    expect(statSync(stack.dataDir).mode & 0o777).toBe(0o700);
  });

  it('refuses a second start on the same data directory, and leaves the first alone', async () => {
    const second = new Command(['npm', 'start'], { ...stack.environment, GATEWAY_PORT: '0' });
    expect(await second.ended).toBe(1);
    expect(second.output).toMatch(/^start: Another `npm start` \(process \d+\) uses the data directory .*: stop it/m);
    expect(stillRunning(stack.processes())).toHaveLength(stack.processes().length);
  });

  it('starts an app again that was killed, and says so', async () => {
    const killed = stack.pidOf('gateway');
    process.kill(killed, 'SIGKILL');
    await stack.command.waitForOutput(/^gateway ended by itself \(SIGKILL\); it starts again in 0\.5 s$/m);
    await waitUntilReady(`http://localhost:${stack.ports.GATEWAY_ADMIN_PORT}`);
    expect(stack.pidOf('gateway')).not.toBe(killed);
  });

  it('stops in order on Ctrl-C, in less than ten seconds, and leaves no process, port or lock', async () => {
    const processes = stack.processes();
    const startedAt = performance.now();
    await stack.stop();
    expect(performance.now() - startedAt).toBeLessThan(stopLimitMs);
    expect(stack.command.output).toMatch(/^stopped$/m);
    const events = stack.command.output.matchAll(/"app":"([\w-]+)".*"msg":"(stopping|stopped)"/g);
    expect([...events].map(([, app, event]) => `${app} ${event}`)).toEqual(
      ['gateway', 'worker', 'authorization-server'].flatMap((app) => [`${app} stopping`, `${app} stopped`]),
    );
    expect(stillRunning(processes)).toEqual([]);
    await expectNothingLeft();
  });

  it('keeps all data over a second start, which does not show the password again', async () => {
    await stack.stop();
    await stack.restart();
    expect(await isKnownClient(stack.issuer, oauthClientId, stack.mcpUrl)).toBe(true);
    expect(stack.command.output).toContain('admin@localhost, with the password that the first start showed');
    expect(stack.command.output).not.toMatch(/^ *password /m);
  });

  it('stops the same way on SIGTERM to its own process', async () => {
    await stack.ensureRunning();
    const processes = stack.processes();
    process.kill(stack.pidOf('start'), 'SIGTERM');
    expect(await stack.command.ended).toBe(0);
    expect(stillRunning(processes)).toEqual([]);
    await expectNothingLeft();
  });

  it('takes everything with it when it is killed, and the next start has all data', async () => {
    await stack.ensureRunning();
    const processes = stack.processes();
    process.kill(stack.pidOf('start'), 'SIGKILL');
    await expect.poll(() => stillRunning(processes), { timeout: stopLimitMs }).toEqual([]);
    await stack.restart();
    expect(await isKnownClient(stack.issuer, oauthClientId, stack.mcpUrl)).toBe(true);
  });

  it('ends what is left when its guardian was killed with it', async () => {
    await stack.ensureRunning();
    const processes = stack.processes();
    process.kill(stack.pidOf('guardian'), 'SIGKILL');
    process.kill(stack.pidOf('start'), 'SIGKILL');
    await stack.command.ended;
    expect(stillRunning(processes)).toContain('postgres');
    await stack.restart();
    expect(stillRunning(processes)).toEqual([]);
    expect(await isKnownClient(stack.issuer, oauthClientId, stack.mcpUrl)).toBe(true);
  });

  it('stops in order when npm is killed', async () => {
    await stack.ensureRunning();
    const processes = stack.processes();
    process.kill(stack.command.pid, 'SIGKILL');
    await expect.poll(() => stillRunning(processes), { timeout: stopLimitMs }).toEqual([]);
    await expectNothingLeft();
  });

  it('stops with one sentence when PostgreSQL ends by itself', async () => {
    await stack.ensureRunning();
    const processes = stack.processes();
    process.kill(stack.pidOf('postgres'), 'SIGKILL');
    expect(await stack.command.ended).toBe(1);
    expect(stack.command.output.match(/^start: .*$/gm)).toEqual([
      'start: PostgreSQL ended by itself, so the stack stops.',
    ]);
    expect(stillRunning(processes)).toEqual([]);
  });

  it('stops in order when it is interrupted while it starts', async () => {
    await stack.stop();
    const start = new Command(['npm', 'start'], stack.environment);
    await start.waitForOutput(/^starting the authorization server/m);
    const processes = stack.processes();
    start.interrupt();
    await start.ended;
    expect(start.output).toMatch(/^stopped$/m);
    expect(start.output).not.toMatch(/^start: /m);
    expect(stillRunning(processes)).toEqual([]);
    await expectNothingLeft();
  });
});
