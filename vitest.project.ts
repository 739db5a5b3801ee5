import { defaultServerConditions } from 'vite';
import { defineProject } from 'vitest/config';

/**
 * The configuration of every test project: sources instead of builds, and the shared PostgreSQL and NATS for the
 * projects that ask for them (they are started once for the whole run).
 */
export function testProject(
  name: string,
  options: { services?: boolean; include?: string[]; timeoutMs?: number; setupFiles?: string[] } = {},
) {
  return defineProject({
    ssr: { resolve: { conditions: ['@gatehouse/source', ...defaultServerConditions] } },
    resolve: { conditions: ['@gatehouse/source', ...defaultServerConditions] },
    test: {
      name,
      environment: 'node',
      include: options.include ?? ['src/**/*.spec.{ts,tsx}', 'test/**/*.spec.{ts,tsx}'],
      testTimeout: options.timeoutMs ?? 30_000,
      hookTimeout: 60_000,
      // Most tests wait for other processes: more of them at a time than there are cores to spare.
      maxWorkers: 3,
      setupFiles: options.setupFiles ?? [],
      ...(options.services ? { globalSetup: [new URL('test/support/services.ts', import.meta.url).pathname] } : {}),
    },
  });
}
