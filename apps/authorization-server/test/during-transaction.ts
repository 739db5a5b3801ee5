import { vi } from 'vitest';
import type { DataSource, EntityManager } from 'typeorm';

/**
 * The answer to a request that arrives in the middle of a transaction: the transaction goes on when the request waits for
 * it, or has not.
 */
export async function duringTransaction<T>(
  dataSource: DataSource,
  course: {
    before: (manager: EntityManager) => Promise<unknown>;
    ask: () => Promise<T>;
    after?: (manager: EntityManager) => Promise<unknown>;
  },
): Promise<T> {
  const { asking } = await dataSource.transaction(async (manager) => {
    await course.before(manager);
    let isAnswered = false;
    const answer = course.ask().finally(() => {
      isAnswered = true;
    });
    await vi.waitUntil(async () => isAnswered || (await isWaitedFor(manager)), { timeout: 5_000, interval: 5 });
    await course.after?.(manager);
    return { asking: answer };
  });
  return await asking;
}

async function isWaitedFor(manager: EntityManager): Promise<boolean> {
  const waiting: unknown[] = await manager.query(
    'SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))',
  );
  return waiting.length > 0;
}
