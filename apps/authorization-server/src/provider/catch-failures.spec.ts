import { createLogger } from '@gatehouse/runtime';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { expect, it, vi } from 'vitest';
import { catchFailures } from './catch-failures.ts';

it.each([
  ['/reg/id-of-a-client', '/reg/:id'],
  ['/auth/id-of-an-interaction', '/auth/:id'],
  ['/token', '/token'],
])('what a step throws at %s is logged with the path %s', async (path, shown) => {
  const logger = createLogger('test', { LOG_LEVEL: 'silent', LOG_FORMAT: 'json' });
  const logged = vi.spyOn(logger, 'error');
  const ctx = { path, set: () => undefined } as unknown as KoaContextWithOIDC;
  const fault = new Error('broken');
  await catchFailures(logger, () => undefined)(ctx, () => Promise.reject(fault));
  expect(ctx.status).toBe(500);
  expect(logged.mock.calls).toEqual([[{ err: fault, path: shown }, 'request failed']]);
});
