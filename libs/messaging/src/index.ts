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
export { BusMonitor } from './bus-monitor.ts';
export type { RecoveryStep } from './bus-monitor.ts';
export { CallClient } from './call-client.ts';
export { serveCalls } from './call-server.ts';
export { ChunksLostError, collectFrame, FrameChunks } from './chunked-frame.ts';
export type { ChunkedFrame, ChunksLoss, ReceivedFrame } from './chunked-frame.ts';
export type { AnnouncedServer, DefinitionsVersion } from './catalog-entries.ts';
export { watchCatalog } from './catalog-view.ts';
export type { CatalogView } from './catalog-view.ts';
export { Coalescer } from './changes/coalescer.ts';
export { maxUriLength, publishResourceUpdates, watchResourceUpdates } from './changes/resource-updates.ts';
export type { ResourceUpdates } from './changes/resource-updates.ts';
export { definitionsDigest } from './definitions-digest.ts';
export { InstanceRegistry } from './instance-registry.ts';
export type { Instance } from './instance-registry.ts';
export type { InstanceAddress, NatsSubject, SubjectToken } from './subjects.ts';
export { subjectToken } from './subjects.ts';
export { OwnTask, TaskContentTooLargeError } from './tasks/own-task.ts';
export type { TaskCreation, TaskEnding, TaskOffer, TaskStop } from './tasks/own-task.ts';
export { hasEnded, isUndelivered, readInputContent, taskPollIntervalMs } from './tasks/task.ts';
export type { InputContent, Task, TaskKey, TaskState, TaskStatus } from './tasks/task.ts';
export { principalToken, TaskGrants } from './tasks/task-grants.ts';
export type { SealedTaskGrant } from './tasks/task-grants.ts';
export { TaskIndex } from './tasks/task-index.ts';
export type { LiveTask, TaskHoldings } from './tasks/task-index.ts';
export { keepTasks, ownerOf, tellOwner, unconfirmedWords } from './tasks/task-keeper.ts';
export { maxTaskContentBytes, TaskStore } from './tasks/task-store.ts';
export type { StoredTask } from './tasks/task-store.ts';
export { maxTaskTtlMs } from './tasks/task-stream.ts';
export { answerQuestions, failTask, requestCancellation } from './tasks/task-transitions.ts';
export { requestStateMaxAgeMs, UsedStates } from './used-states.ts';
export type { UsedState } from './used-states.ts';
