import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readStartSettings } from './config.ts';
import { claimPorts } from './ports.ts';

const anyPorts = { GATEWAY_PORT: '0', GATEWAY_ADMIN_PORT: '0', AUTH_PORT: '0', AUTH_ADMIN_PORT: '0' };

describe('the ports of the stack', () => {
  it('become free ones where 0 is asked for', async () => {
    const ports = await claimPorts(readStartSettings(anyPorts));
    expect(Object.values(ports).every((port) => port > 0)).toBe(true);
  });

  it.each(Object.keys(anyPorts))('stop the start when %s is in use, and the setting is named', async (setting) => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    const claimed = claimPorts(readStartSettings({ ...anyPorts, [setting]: String(port) }));
    await expect(claimed).rejects.toThrow(new RegExp(`^Port ${port} is in use: .* set ${setting} to a free port\\.$`));
    blocker.close();
  });

  it('stop the start when two settings name the same one', async () => {
    const settings = readStartSettings({ ...anyPorts, GATEWAY_PORT: '45999', AUTH_PORT: '45999' });
    await expect(claimPorts(settings)).rejects.toThrow('GATEWAY_PORT and AUTH_PORT are both 45999');
  });
});
