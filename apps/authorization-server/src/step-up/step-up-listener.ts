import type { ScopeHierarchy } from '@gatehouse/auth';
import { receiveStepUpRequests } from '@gatehouse/messaging';
import type { NatsConnection } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';
import { markForStepUp } from './step-up-mark.ts';

/** Marks the grants of the clients that gateways report; it ends with the connection. */
export function listenForStepUps(
  connection: NatsConnection,
  { dataSource, hierarchy, logger }: { dataSource: DataSource; hierarchy: ScopeHierarchy; logger: Logger },
): void {
  receiveStepUpRequests(connection, logger, (request) => markForStepUp(dataSource, hierarchy, request));
}
