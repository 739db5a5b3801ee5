import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

/** The transaction of one request. It begins with its first statement and runs one statement at a time. */
class UnitOfWork {
  readonly #dataSource: DataSource;
  #runner: QueryRunner | undefined;
  /** The beginning of the transaction, which nothing waits for but its end. */
  #started: Promise<unknown> = Promise.resolve();
  #tail: Promise<unknown> = Promise.resolve();
  /** Grants that end with this request, after its own transaction: see `end-grant.ts`. */
  readonly grantsToEnd = new Set<string>();

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  get hasBegun(): boolean {
    return this.#runner !== undefined;
  }

  /** Queues: a connection runs one statement at a time, and the provider starts several. */
  run<T>(statements: (manager: EntityManager) => Promise<T>): Promise<T> {
    const result = this.#tail.then(async () => statements(await this.begin()));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async begin(): Promise<EntityManager> {
    if (!this.#runner) {
      const runner = this.#dataSource.createQueryRunner();
      await runner.connect();
      this.#runner = runner;
      // Sent together with the first statement, which fails if this does.
      this.#started = runner.query('START TRANSACTION');
      this.#started.catch(() => undefined);
      // What would begin a transaction of its own joins this one.
      (runner as { isTransactionActive: boolean }).isTransactionActive = true;
    }
    return this.#runner.manager;
  }

  async end(decision: 'commit' | 'rollback'): Promise<void> {
    await this.#tail;
    if (!this.#runner) return;
    try {
      await this.#started;
      if (decision === 'commit') await this.#runner.commitTransaction();
      else await this.#runner.rollbackTransaction();
    } finally {
      await this.#runner.release();
    }
  }
}

const current = new AsyncLocalStorage<UnitOfWork>();

/**
 * Runs `work` in one transaction: everything that it stores, through the provider's models or through `manager`, is
 * kept together or, when it throws, not at all. Inside another unit of work it joins that one.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const outer = current.getStore();
  if (outer) return work(await outer.begin());
  const unit = new UnitOfWork(dataSource);
  return current.run(unit, async () => {
    let decision: 'commit' | 'rollback' = 'rollback';
    try {
      const result = await work(await unit.begin());
      decision = 'commit';
      return result;
    } finally {
      await unit.end(decision);
    }
  });
}

/**
 * Runs the handling of one request as a unit of work that begins with its first statement and ends as `handle` says;
 * a throw rolls back.
 */
export async function handleInTransaction(
  dataSource: DataSource,
  handle: (grantsToEnd: Set<string>) => Promise<'commit' | 'rollback'>,
): Promise<void> {
  const unit = new UnitOfWork(dataSource);
  await current.run(unit, async () => {
    let decision: 'commit' | 'rollback' = 'rollback';
    try {
      decision = await handle(unit.grantsToEnd);
    } finally {
      await unit.end(decision);
    }
  });
}

/** The grants that end with the present request; undefined outside of one. */
export function grantsToEnd(): Set<string> | undefined {
  return current.getStore()?.grantsToEnd;
}

/**
 * Gives `statements` the manager of the current unit of work, or one outside any transaction. Calls queue up, so
 * `statements` must not call this again.
 */
export async function withManager<T>(
  dataSource: DataSource,
  statements: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const unit = current.getStore();
  return unit ? unit.run(statements) : statements(dataSource.manager);
}

/**
 * As `withManager`, for reading what the request does not change: it begins no transaction, but uses one that has begun,
 * since a request that waits for a second connection while it holds one can starve the pool.
 */
export async function readWithManager<T>(
  dataSource: DataSource,
  statements: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const unit = current.getStore();
  return unit?.hasBegun ? unit.run(statements) : statements(dataSource.manager);
}
