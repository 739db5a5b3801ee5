import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager } from 'typeorm';

/** The transaction of the request that is being handled, and the queue of its statements. */
interface UnitOfWork {
  manager: EntityManager;
  tail: Promise<unknown>;
}

const current = new AsyncLocalStorage<UnitOfWork>();

/**
 * Runs `work` in one transaction: everything that it stores, through the provider's models or through `manager`,
 * is kept together or not at all. Inside another unit of work it joins that one.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const outer = current.getStore();
  if (outer) return work(outer.manager);
  return dataSource.transaction((manager) => current.run({ manager, tail: Promise.resolve() }, () => work(manager)));
}

/**
 * Gives `statements` the manager of the current unit of work, or one outside any transaction. Calls queue up, for a
 * connection runs one statement at a time and the provider starts several; `statements` must not call this again.
 */
export async function withManager<T>(
  dataSource: DataSource,
  statements: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const unit = current.getStore();
  if (!unit) return statements(dataSource.manager);
  const result = unit.tail.then(() => statements(unit.manager));
  unit.tail = result.catch(() => undefined);
  return result;
}
