import { describe, expect, it } from 'vitest';
import { Health } from './health.ts';

describe('readiness', () => {
  it('names a check that does not answer, within 2.5 s', async () => {
    const health = new Health();
    health.markStarted();
    health.addReadinessCheck('silent', () => new Promise(() => {}));
    health.addReadinessCheck('well', () => undefined);
    const startedAt = performance.now();
    expect(await health.findUnready()).toEqual({ silent: 'does not answer within 2000 ms' });
    expect(performance.now() - startedAt).toBeLessThan(2_500);
  });

  it('fails while the process drains', async () => {
    const health = new Health();
    health.markStarted();
    health.markDraining();
    expect(await health.findUnready()).toEqual({ process: 'draining' });
  });
});
