export { lockForTransaction } from './advisory-lock.ts';
export { explainDatabaseFailure } from './explain-connection-failure.ts';
export { listenToChannel } from './listen-to-channel.ts';
export { openDatabase } from './open-database.ts';
export { checkDatabase } from './readiness.ts';
