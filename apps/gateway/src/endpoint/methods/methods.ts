import { Method, methodNotFound } from '@gatehouse/protocol';
import { Injectable } from '@nestjs/common';
import { ScopeChallenges } from '../../authorization/scope-challenges.ts';
import { decide } from '../../policy/decide.ts';
import { connectScope } from '../../policy/required-scopes.ts';
import { Listen } from '../../subscriptions/listen.ts';
import { TaskMethods } from '../../tasks/task-methods.ts';
import { observeRequest } from '../../telemetry/observe-request.ts';
import type { McpAnswer, McpRequest, RequestContext } from '../mcp-request.ts';
import { Calls } from './calls.ts';
import { Discover } from './discover.ts';
import { Lists } from './lists.ts';

const connectScopes = [connectScope];

/** Every method that the gateway serves, in the words of 2026-07-28. Eras translate to and from here. */
@Injectable()
export class Methods {
  readonly #calls: Calls;
  readonly #discover: Discover;
  readonly #lists: Lists;
  readonly #listen: Listen;
  readonly #tasks: TaskMethods;
  readonly #challenges: ScopeChallenges;

  constructor(
    calls: Calls,
    discover: Discover,
    lists: Lists,
    listen: Listen,
    tasks: TaskMethods,
    challenges: ScopeChallenges,
  ) {
    this.#calls = calls;
    this.#discover = discover;
    this.#lists = lists;
    this.#listen = listen;
    this.#tasks = tasks;
    this.#challenges = challenges;
  }

  /**
   * Answers one request.
   * @throws JsonRpcError, HttpRefusal 403 for missing scopes
   */
  answer(request: McpRequest, context: RequestContext): McpAnswer | Promise<McpAnswer> {
    return observeRequest(request.span, () => this.#answer(request, context));
  }

  #answer(request: McpRequest, context: RequestContext): McpAnswer | Promise<McpAnswer> {
    const { message, principal, endpoint } = request;
    const { method, params } = message;
    if (this.#calls.has(method))
      return this.#callable(request) ? this.#calls.answer(request, context) : notOffered(method);
    const isTaskMethod = this.#tasks.has(method, request.version);
    const ownMethod = this.#lists.has(method) || this.#listen.has(method) || method === Method.discover;
    if (!ownMethod && !isTaskMethod) return notOffered(method);
    const decision = decide(principal, connectScopes);
    if (decision.kind === 'challenge') return this.#challenge(request, decision.scopes);
    if (isTaskMethod) return this.#tasks.answer(request, context);
    if (this.#listen.has(method)) return this.#listen.answer(request, context);
    const result =
      method === Method.discover
        ? this.#discover.result(principal.tenant, endpoint)
        : this.#lists.page(principal.tenant, endpoint, method, params);
    return { kind: 'result', result };
  }

  async #challenge(request: McpRequest, scopes: readonly string[]): Promise<never> {
    throw await this.#challenges.refusalOf(request, scopes);
  }

  /** A method behind a capability that is not advertised does not exist (MCP schema `MethodNotFoundError`). */
  #callable({ message, principal, endpoint }: McpRequest): boolean {
    return message.method !== Method.complete || this.#discover.describe(principal.tenant, endpoint).completions;
  }
}

function notOffered(method: string): never {
  throw methodNotFound(method);
}
