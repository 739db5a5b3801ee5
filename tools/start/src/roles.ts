import { rolePermissions } from '@gatehouse/messaging';
import type { NatsRole } from '@gatehouse/messaging';
import type { NatsIdentity } from './nats.ts';

/** The tenant of everything until tenants exist. */
const defaultTenant = 'default';

/** A role of the stack: its name is its NATS user and the name of its environment file. */
export interface StackRole {
  name: string;
  nats: NatsRole;
}

/** Every role that the stack makes an identity for: one worker per server name. */
export function listRoles(workerServers: string[]): StackRole[] {
  return [
    { name: 'gateway', nats: { role: 'gateway' } },
    { name: 'authorization-server', nats: { role: 'authorization-server' } },
    ...workerServers.map((server) => ({
      name: `worker-${server}`,
      nats: { role: 'worker' as const, tenant: defaultTenant, servers: [server] },
    })),
  ];
}

/** What the NATS server is told about the roles. */
export function natsIdentities(roles: StackRole[], passwords: Record<string, string>): NatsIdentity[] {
  return roles.map(({ name, nats }) => ({
    user: name,
    password: passwords[name] ?? '',
    permissions: rolePermissions(nats),
  }));
}
