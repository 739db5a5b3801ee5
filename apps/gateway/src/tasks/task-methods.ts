import { answerQuestions, requestCancellation } from '@gatehouse/messaging';
import type { StoredTask } from '@gatehouse/messaging';
import { invalidParams, isObject, Method, modernVersion } from '@gatehouse/protocol';
import { Injectable } from '@nestjs/common';
import { ScopeChallenges } from '../authorization/scope-challenges.ts';
import { Catalog } from '../catalog/catalog.ts';
import { CallAdmission } from '../dispatch/call-admission.ts';
import type { McpAnswer, McpRequest, RequestContext } from '../endpoint/mcp-request.ts';
import { resultMeta } from '../endpoint/methods/server-info.ts';
import { taskAcknowledgement, taskResult } from './task-answers.ts';
import { TaskAccess, tooManyTaskRequests } from './task-access.ts';
import { isVisible, keyOf } from './task-visibility.ts';
import { requireTasksExtension } from './tasks-extension.ts';

/** What `tasks/update` and `tasks/cancel` do to a task; undefined where there is nothing to be done. */
type Change = Parameters<TaskAccess['change']>[1];

const methods: ReadonlySet<string> = new Set([Method.tasksGet, Method.tasksUpdate, Method.tasksCancel]);

/** `tasks/get`, `tasks/update` and `tasks/cancel` (MCP Tasks extension), answered from the stream by any gateway. */
@Injectable()
export class TaskMethods {
  readonly #tasks: TaskAccess;
  readonly #catalog: Catalog;
  readonly #admission: CallAdmission;
  readonly #challenges: ScopeChallenges;

  constructor(tasks: TaskAccess, catalog: Catalog, admission: CallAdmission, challenges: ScopeChallenges) {
    this.#tasks = tasks;
    this.#catalog = catalog;
    this.#admission = admission;
    this.#challenges = challenges;
  }

  /** True for the methods of the extension; clients of older revisions have none of them. */
  has(method: string, version: string): boolean {
    return version === modernVersion && methods.has(method);
  }

  /**
   * Answers one request about one task. It has a place among the calls of its account until its answer is out.
   * @throws JsonRpcError -32021 without the extension, -32602 for a task that the caller does not have, -31005 when too
   * much is going on; HttpRefusal 403
   */
  async answer(request: McpRequest, context: RequestContext): Promise<McpAnswer> {
    requireTasksExtension(request.meta.clientCapabilities);
    const permit = this.#admission.admit(request.principal);
    if (permit === undefined) throw tooManyTaskRequests(request.span.traceId);
    context.onClose(() => permit.release());
    try {
      return await this.#answer(request);
    } finally {
      permit.release();
    }
  }

  async #answer(request: McpRequest): Promise<McpAnswer> {
    const { principal, endpoint, message, span } = request;
    const { taskId } = message.params;
    if (typeof taskId !== 'string') throw invalidParams('taskId must be a string');
    const change = changeOf(request);
    const key = keyOf(principal, taskId);
    const known = await this.#admit(request, key && (await this.#tasks.read(key, span.traceId)));
    if (key && change) await this.#tasks.change(key, change, span.traceId);
    const server = endpoint.kind === 'server' ? this.#catalog.server(principal.tenant, endpoint.server) : undefined;
    const result = change ? taskAcknowledgement(resultMeta(server)) : taskResult(taskId, known, resultMeta(server));
    return { kind: 'result', result };
  }

  async #admit(request: McpRequest, task: StoredTask | undefined): Promise<StoredTask> {
    const visibility = task ? isVisible(request, task) : 'unknown';
    if (!task || visibility === 'unknown') throw invalidParams('Task not found');
    if (visibility === 'visible') return task;
    throw await this.#challenges.refusalOf(request, task.state.scopes);
  }
}

function changeOf({ message: { method, params } }: McpRequest): Change | undefined {
  if (method === Method.tasksGet) return undefined;
  if (method === Method.tasksCancel) return (task) => requestCancellation(task, Date.now());
  const { inputResponses } = params;
  if (!isObject(inputResponses)) throw invalidParams('inputResponses must be an object');
  return (task) => answerQuestions(task, inputResponses, Date.now());
}
