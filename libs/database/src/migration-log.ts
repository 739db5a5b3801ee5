import type { Logger } from '@gatehouse/runtime';
import type { Logger as TypeormLogger } from 'typeorm';
import { reportMigrationStep, reportOrmWarning } from './events.ts';

/** Sends what TypeORM says of migrations to the process's log. Statements are not logged: they may hold secrets. */
export class MigrationLog implements TypeormLogger {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  logMigration(text: string): void {
    reportMigrationStep(this.#logger, text);
  }

  log(level: 'log' | 'info' | 'warn', text: unknown): void {
    if (level === 'warn') reportOrmWarning(this.#logger, String(text));
  }

  logQuery(): void {}

  logQueryError(): void {}

  logQuerySlow(): void {}

  logSchemaBuild(): void {}
}
