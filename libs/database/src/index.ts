export { lockForTransaction } from './advisory-lock.ts';
export { openDatabase } from './open-database.ts';
export type { DatabaseOptions } from './open-database.ts';
export { checkDatabase } from './readiness.ts';
