import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { listen, StartError } from '@gatehouse/runtime';
import { z } from 'zod';
import type { StartSettings } from './config.ts';
import { findFreePort } from './free-port.ts';
import { writeWhole } from './write-whole.ts';

const portSettings = ['GATEWAY_PORT', 'GATEWAY_ADMIN_PORT', 'AUTH_PORT', 'AUTH_ADMIN_PORT'] as const;

const lastPort = z.int().min(1).max(65535).optional();
const lastPortsSchema = z.object({ postgres: lastPort, nats: lastPort });

/** The ports of the apps, by setting. */
export type AppPorts = Record<(typeof portSettings)[number], number>;

/**
 * Checks every port before anything starts; 0 becomes a free one.
 * @throws StartError naming the setting of a port that is taken, forbidden or named twice.
 */
export async function claimPorts(settings: StartSettings): Promise<AppPorts> {
  const ports = {} as AppPorts;
  for (const portSetting of portSettings) {
    const twin = portSettings.find((other) => ports[other] !== undefined && ports[other] === settings[portSetting]);
    if (twin)
      throw new StartError(`${twin} and ${portSetting} are both ${ports[twin]}: set one of them to another port.`);
    const server = createServer();
    ports[portSetting] = await listen(server, { host: settings.HOST, port: settings[portSetting], portSetting });
    await new Promise((resolve) => server.close(resolve));
  }
  return ports;
}

/** Ports of the embedded services: those of the last start where they are free, so that replicas find them again. */
export async function chooseServicePorts(file: string): Promise<{ postgres: number; nats: number }> {
  const last = readLastPorts(file);
  const ports = { postgres: await findFreePort(last.postgres), nats: await findFreePort(last.nats) };
  writeWhole(file, `${JSON.stringify(ports)}\n`);
  return ports;
}

function readLastPorts(file: string): z.output<typeof lastPortsSchema> {
  try {
    return lastPortsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Only a wish: any port does.
    return {};
  }
}
