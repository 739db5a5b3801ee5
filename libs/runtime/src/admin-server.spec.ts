import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAdminServer } from './admin-server.ts';
import { Health } from './health.ts';
import { metrics } from './telemetry/metric-registry.ts';

describe('the admin port', () => {
  let admin: Awaited<ReturnType<typeof startAdminServer>>;
  const get = (path: string) => fetch(`http://127.0.0.1:${admin.port}${path}`);

  beforeAll(async () => {
    const health = new Health();
    admin = await startAdminServer({ settings: { HOST: '127.0.0.1' }, port: 0, portSetting: 'PORT', health });
  });
  afterAll(() => admin.close());

  it('shows the metrics of the process to Prometheus', async () => {
    metrics.counter({ name: 'seen', unit: '{thing}', description: 'Things seen', labels: [] }).add(1, []);
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toContain('# TYPE seen_total counter\nseen_total 1\n');
  });

  it('is bound where ADMIN_HOST says, and names it when that is no address of the machine', async () => {
    const settings = { HOST: '127.0.0.1', ADMIN_HOST: '192.0.2.1' };
    const start = startAdminServer({ settings, port: 0, portSetting: 'PORT', health: new Health() });
    await expect(start).rejects.toThrow(/^ADMIN_HOST is 192\.0\.2\.1, which is not an address of this machine/);
  });

  it('shows the pages that are added to it, and 404 elsewhere', async () => {
    admin.addPage('/page', () => ({ mediaType: 'application/json', body: '{"a":1}' }));
    expect(await (await get('/page?x')).json()).toEqual({ a: 1 });
    expect((await get('/other')).status).toBe(404);
  });

  it('answers 500 for a page that fails, and goes on', async () => {
    admin.addPage('/broken', () => {
      throw new Error('broken');
    });
    expect((await get('/broken')).status).toBe(500);
    expect((await get('/livez')).status).toBe(200);
  });
});
