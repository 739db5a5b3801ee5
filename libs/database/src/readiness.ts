import type { ReadinessCheck } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';

/** A readiness check that asks PostgreSQL for one row. */
export function checkDatabase(dataSource: DataSource): ReadinessCheck {
  return async () => {
    try {
      await dataSource.query('SELECT 1');
      return undefined;
    } catch {
      return 'PostgreSQL does not answer';
    }
  };
}
