import type { SealedTaskGrant, TaskGrants, TaskIndex, TaskKey } from '@gatehouse/messaging';
import { principalToken, subjectToken } from '@gatehouse/messaging';
import { ErrorCode, gatehouseError } from '@gatehouse/protocol';
import type { McpRequest } from '../endpoint/mcp-request.ts';
import { declaresTasks } from './tasks-extension.ts';

/** What admission must know of a tool. */
export interface TaskTerms {
  server: string;
  scopes: readonly string[];
  task: 'optional' | 'required' | undefined;
  taskTtlMs: number | undefined;
}

/** Makes what lets one attempt at a call become a task. */
export type GrantTask = () => SealedTaskGrant;

/** Says which calls may become tasks. */
export class TaskAdmission {
  readonly #grants: TaskGrants;
  readonly #index: TaskIndex;
  readonly #maxTasks: number;
  readonly #maxBytes: number;
  readonly #ttlMs: number;

  constructor(grants: TaskGrants, index: TaskIndex, limits: { maxTasks: number; maxBytes: number; ttlMs: number }) {
    this.#grants = grants;
    this.#index = index;
    this.#maxTasks = limits.maxTasks;
    this.#maxBytes = limits.maxBytes;
    this.#ttlMs = limits.ttlMs;
  }

  /**
   * Makes grants for the attempts at one call; undefined when it stays a call: the tool knows no tasks, the client has not
   * declared them, or the tool can do without and the caller has as many as it may, or that is not known yet.
   * @throws JsonRpcError -31004 when the tool cannot do without, -31009 when it cannot and nobody knows how many there are
   */
  admit(request: McpRequest, { server, scopes, task, taskTtlMs }: TaskTerms): GrantTask | undefined {
    const { principal, meta, span } = request;
    if (task === undefined || !declaresTasks(meta.clientCapabilities)) return undefined;
    if (!this.#index.isComplete) {
      if (task === 'optional') return undefined;
      const data = { executed: 'no', retryable: true, retryAfterMs: 1_000, traceId: span.traceId } as const;
      throw gatehouseError(ErrorCode.dependencyUnavailable, 'The tasks are still being read', data);
    }
    if (!this.hasRoom({ tenant: subjectToken(principal.tenant), principal: principalToken(principal) })) {
      if (task === 'optional') return undefined;
      const data = { executed: 'no', retryable: true, retryAfterMs: 5_000, traceId: span.traceId } as const;
      throw gatehouseError(ErrorCode.rateLimited, 'The account has too many tasks or results of tasks', data);
    }
    const ttlMs = taskTtlMs ?? this.#ttlMs;
    return () => this.#grants.give({ principal, server, scopes, traceId: span.traceId, ttlMs });
  }

  /** False when this caller has as many tasks, or results of tasks, as it may. Gateways count by what they have heard. */
  hasRoom(of: Omit<TaskKey, 'taskId'>): boolean {
    const { living, bytes } = this.#index.holdingsOf(of);
    return living < this.#maxTasks && bytes < this.#maxBytes;
  }

  /** False when this caller's tasks would hold more with so many bytes than they may. */
  hasRoomFor(of: Omit<TaskKey, 'taskId'>, contentBytes: number): boolean {
    return this.#index.holdingsOf(of).bytes + contentBytes <= this.#maxBytes;
  }
}
