import type { Principal } from '@gatehouse/protocol';
import type { StateKeys } from '@gatehouse/runtime';
import type { InstanceAddress, SubjectToken } from '../subjects.ts';
import { randomToken, subjectToken } from '../subjects.ts';

/**
 * What a gateway lets one call become: it fixes id, principal, scopes and life of the task before any worker hears of
 * it. Sealed, so that a worker can present it to any gateway and change nothing in it.
 */
export interface TaskGrant {
  taskId: SubjectToken;
  server: string;
  principal: SubjectToken;
  scopes: string[];
  traceId: string;
  ttlMs: number;
  grantedAtMs: number;
}

/** A grant as it travels with a call. */
export interface SealedTaskGrant {
  taskId: string;
  ttlMs: number;
  /** For the worker's own errors; the sealed one is what counts. */
  traceId: string;
  sealed: string;
}

const purpose = 'task-grant';

/** Whose tasks are whose: issuer and account, as one token of a subject. */
export function principalToken({ issuer, accountId }: Pick<Principal, 'issuer' | 'accountId'>): SubjectToken {
  return subjectToken(JSON.stringify([issuer, accountId]));
}

/** True for what a task's id looks like: 128 random bits, which are one token of a subject as they are. */
export function isTaskId(text: string): text is SubjectToken {
  return /^[0-9a-f]{32}$/.test(text);
}

/** Gives out grants and reads them again; every gateway has the same keys. */
export class TaskGrants {
  readonly #keys: StateKeys;

  constructor(keys: StateKeys) {
    this.#keys = keys;
  }

  /** A grant for one attempt at one call. */
  give(call: {
    principal: Principal;
    server: string;
    scopes: readonly string[];
    traceId: string;
    ttlMs: number;
  }): SealedTaskGrant {
    const { principal, server, scopes, traceId, ttlMs } = call;
    const grant: TaskGrant = {
      taskId: randomToken(16),
      server,
      principal: principalToken(principal),
      scopes: [...scopes],
      traceId,
      ttlMs,
      grantedAtMs: Date.now(),
    };
    const of = { tenant: subjectToken(principal.tenant), server: subjectToken(server) };
    const sealed = this.#keys.seal(purpose, bindingOf(of), Buffer.from(JSON.stringify(grant)));
    return { taskId: grant.taskId, ttlMs, traceId, sealed };
  }

  /** Reads a grant that an instance presents; undefined when no gateway gave it to a call of that instance's server. */
  open(from: Omit<InstanceAddress, 'instance'>, sealed: string): TaskGrant | undefined {
    const bytes = this.#keys.open(purpose, bindingOf(from), sealed);
    return bytes && (JSON.parse(bytes.toString()) as TaskGrant);
  }
}

function bindingOf({ tenant, server }: Omit<InstanceAddress, 'instance'>): string[] {
  return [tenant, server];
}
