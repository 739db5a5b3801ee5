export { startSettings } from './config.ts';
export { isRunning } from './end-process.ts';
export { guardApp, makeTemporaryFolder } from './guard.ts';
export type { TemporaryFolder } from './guard.ts';
export { findFreePort } from './free-port.ts';
export { startEmbeddedNats } from './nats.ts';
export type { EmbeddedNats, EmbeddedNatsOptions, NatsIdentity } from './nats.ts';
export { startEmbeddedPostgres } from './postgres.ts';
export type { EmbeddedPostgres } from './postgres.ts';
