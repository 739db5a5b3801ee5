export type {
  CallEnvelope,
  CallHandler,
  CallOutcome,
  CallRequest,
  FinalFrame,
  FinalFrameInfo,
  Frame,
  IncomingCall,
  Refusal,
} from './call.ts';
export { connectNats, natsSettings } from './connection.ts';
export type { NatsOptions } from './connection.ts';
export { inboxPrefix, rolePermissions } from './role-permissions.ts';
export type { NatsRole, RolePermissions } from './role-permissions.ts';
export type { NatsConnection } from '@nats-io/transport-node';
export type { CallServer, ServeCallsOptions, ServedServer } from './call-server-options.ts';
