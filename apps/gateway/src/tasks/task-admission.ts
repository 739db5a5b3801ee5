import type { SealedTaskGrant, TaskGrants, TaskIndex } from '@gatehouse/messaging';
import { principalToken, subjectToken } from '@gatehouse/messaging';
import { ErrorCode, gatehouseError } from '@gatehouse/protocol';
import type { Principal } from '@gatehouse/protocol';
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
  readonly #ttlMs: number;

  constructor(grants: TaskGrants, index: TaskIndex, limits: { maxTasks: number; ttlMs: number }) {
    this.#grants = grants;
    this.#index = index;
    this.#maxTasks = limits.maxTasks;
    this.#ttlMs = limits.ttlMs;
  }

  /**
   * Makes grants for the attempts at one call; undefined when it stays a call: the tool knows no tasks, the client has not
   * declared them, or the caller has as many as it may and the tool can do without.
   * @throws JsonRpcError -31004 when the tool cannot do without
   */
  admit(request: McpRequest, { server, scopes, task, taskTtlMs }: TaskTerms): GrantTask | undefined {
    const { principal, meta, span } = request;
    if (task === undefined || !declaresTasks(meta.clientCapabilities)) return undefined;
    if (!this.hasRoom(principal)) {
      if (task === 'optional') return undefined;
      const data = { executed: 'no', retryable: true, retryAfterMs: 5_000, traceId: span.traceId } as const;
      throw gatehouseError(ErrorCode.rateLimited, `More than ${this.#maxTasks} tasks at the same time`, data);
    }
    const ttlMs = taskTtlMs ?? this.#ttlMs;
    return () => this.#grants.give({ principal, server, scopes, traceId: span.traceId, ttlMs });
  }

  /** False when this caller has as many living tasks as it may. */
  hasRoom(principal: Principal): boolean {
    const of = { tenant: subjectToken(principal.tenant), principal: principalToken(principal) };
    return this.#index.countOf(of) < this.#maxTasks;
  }
}
