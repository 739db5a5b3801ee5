import { catalogStream, catalogSubject } from './catalog-bucket.ts';
import { issuerStream, publishedByIssuers } from './issuer/issuer-stream.ts';
import { anyToken, subjects, subjectToken } from './subjects.ts';
import { usedStateStream } from './used-states.ts';
import { anyTaskSubject, taskStream } from './tasks/task-stream.ts';

/** Whose NATS identity it is. One worker identity serves one or several servers of one tenant. */
export type NatsRole =
  | { role: 'gateway' }
  | { role: 'authorization-server' }
  | { role: 'worker'; tenant: string; servers: string[] };

/** Allow lists of one NATS user; everything else is denied. The names are those of nats-server's configuration. */
export interface RolePermissions {
  publish: { allow: string[] };
  subscribe: { allow: string[] };
  /** Lets a role answer requests at the asker's inbox, once, within five seconds. */
  allow_responses?: { max: number; expires: string };
}

/** The inbox prefix of a role, which no other role may read (design: own inbox prefix). */
export function inboxPrefix(identity: NatsRole): string {
  if (identity.role !== 'worker') return `_INBOX_${identity.role}`;
  // One token for all servers: `a` must not contain the inbox of `a` and `b`. Server names have no underscore.
  return `_INBOX_worker.${subjectToken(identity.tenant)}.${[...identity.servers].sort().map(subjectToken).join('_')}`;
}

/**
 * What a role may publish and subscribe. Allow lists only: deny rules could be bypassed (NATS advisories of 2026).
 * Only gateways publish calls; a worker announces and answers for its own tenant and servers; only authorization servers
 * publish keys and revocations.
 */
export function rolePermissions(identity: NatsRole): RolePermissions {
  const inbox = `${inboxPrefix(identity)}.>`;
  if (identity.role === 'worker') return workerPermissions(identity.tenant, identity.servers, inbox);
  if (identity.role === 'gateway') return gatewayPermissions(inbox);
  return authorizationServerPermissions(inbox);
}

function authorizationServerPermissions(inbox: string): RolePermissions {
  return {
    publish: { allow: [...catalogSubjects, ...publishedByIssuers, ...issuerStreamSubjects] },
    subscribe: { allow: [anyAnnouncement, subjects.stepUp({ tenant: anyToken }), inbox] },
    // It answers what gateways ask of it, and nobody else: announcements, which come from workers, it never answers there.
    allow_responses: { max: 1, expires: '5s' },
  };
}

function gatewayPermissions(inbox: string): RolePermissions {
  const anyInstance = { tenant: anyToken, server: anyToken, instance: anyToken };
  return {
    publish: {
      allow: [
        subjects.call(anyInstance),
        subjects.control(anyInstance),
        subjects.bus(anyToken),
        subjects.stepUp({ tenant: anyToken }),
        ...catalogSubjects,
        ...taskSubjects,
        ...usedStateSubjects,
        `$JS.API.CONSUMER.CREATE.${issuerStream}.>`,
        `$JS.API.CONSUMER.INFO.${issuerStream}.>`,
        `$JS.FC.${issuerStream}.>`,
      ],
    },
    subscribe: {
      allow: [
        subjects.reply(anyInstance, anyToken, anyToken),
        subjects.beat(anyInstance),
        subjects.changed(anyInstance),
        subjects.taskReport(anyInstance),
        subjects.bus(anyToken),
        anyAnnouncement,
        inbox,
      ],
    },
  };
}

const anyKey = { tenant: anyToken, server: anyToken, digest: anyToken };
const anyAnnouncement = subjects.announce(anyKey);

/** JetStream's API as far as creating, watching and keeping the catalog needs it. */
const catalogSubjects = [subjects.announced(anyKey), catalogSubject(anyKey), ...streamSubjects(catalogStream)];

/** The same for tasks, which gateways keep alone. */
const taskSubjects = [
  subjects.taskNews({ tenant: anyToken, server: anyToken, instance: anyToken }),
  anyTaskSubject,
  ...streamSubjects(taskStream),
];

/** Each entry is written once, on a condition, and taken back at most by its writer: nobody reads them. */
const usedStateSubjects = [
  subjects.usedState({ tenant: anyToken, digest: anyToken }),
  `$JS.API.STREAM.INFO.${usedStateStream}`,
  `$JS.API.STREAM.CREATE.${usedStateStream}`,
  `$JS.API.STREAM.MSG.DELETE.${usedStateStream}`,
];

/** To create the stream and to see whether everything is still in it. */
const issuerStreamSubjects = [
  `$JS.API.STREAM.INFO.${issuerStream}`,
  `$JS.API.STREAM.CREATE.${issuerStream}`,
  `$JS.API.STREAM.MSG.GET.${issuerStream}`,
];

function streamSubjects(stream: string): string[] {
  return [
    '$JS.API.INFO',
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.>`,
    `$JS.API.CONSUMER.DELETE.${stream}.>`,
    `$JS.FC.${stream}.>`,
  ];
}

/**
 * No subject of JetStream, not even of its own entries: nats-server sends what it answers there, with content that the
 * asker chose, to whatever reply subject the asker names, and checks no permission.
 */
function workerPermissions(tenantName: string, serverNames: string[], inbox: string): RolePermissions {
  const servers = serverNames.map((name) => ({ tenant: subjectToken(tenantName), server: subjectToken(name) }));
  return {
    publish: {
      allow: servers.flatMap((own) => [
        subjects.beat({ ...own, instance: anyToken }),
        subjects.reply(own, anyToken, anyToken),
        subjects.changed(own),
        subjects.announce({ ...own, digest: anyToken }),
        subjects.taskReport({ ...own, instance: anyToken }),
      ]),
    },
    subscribe: {
      allow: [
        ...servers.flatMap((own) => [
          subjects.call({ ...own, instance: anyToken }),
          subjects.control({ ...own, instance: anyToken }),
          subjects.announced({ ...own, digest: anyToken }),
          subjects.taskNews({ ...own, instance: anyToken }),
          `$SRV.*.${own.server}`,
          `$SRV.*.${own.server}.*`,
        ]),
        '$SRV.*',
        inbox,
      ],
    },
    allow_responses: { max: 1, expires: '5s' },
  };
}
