import type { Logger } from '@gatehouse/runtime';

/** An idle connection died; the pool opens another when it needs one. */
export function reportLostConnection(logger: Logger, error: Error): void {
  logger.warn({ err: error }, 'lost a connection to PostgreSQL');
}

/** A migration ran or failed. */
export function reportMigrationStep(logger: Logger, text: string): void {
  logger.info({ text }, 'migration');
}

/** TypeORM found something odd. */
export function reportOrmWarning(logger: Logger, text: string): void {
  logger.warn({ text }, 'TypeORM warned');
}
