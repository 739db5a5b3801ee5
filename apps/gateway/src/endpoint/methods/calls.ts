import {
  ErrorCode,
  findMissingCapabilities,
  gatehouseError,
  invalidParams,
  JsonRpcError,
  Method,
  missingClientCapability,
} from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { Inject, Injectable } from '@nestjs/common';
import { Revocations } from '../../authorization/revocations.ts';
import { ScopeChallenges } from '../../authorization/scope-challenges.ts';
import { Catalog } from '../../catalog/catalog.ts';
import type { GatewaySettings } from '../../config.ts';
import { CallAdmission } from '../../dispatch/call-admission.ts';
import { failures } from '../../dispatch/dispatch-failures.ts';
import type { DispatchFailure, DispatchOutcome } from '../../dispatch/dispatch-outcome.ts';
import { Dispatch } from '../../dispatch/dispatch.ts';
import { SingleUse } from '../../dispatch/single-use.ts';
import { LOGGER, SETTINGS } from '../../injection-tokens.ts';
import { decide } from '../../policy/decide.ts';
import { TaskAdmission } from '../../tasks/task-admission.ts';
import type { GrantTask } from '../../tasks/task-admission.ts';
import type { McpAnswer, McpRequest, RequestContext } from '../mcp-request.ts';
import { CallRecord } from './call-record.ts';
import { findTarget } from './call-target.ts';
import type { CallTarget } from './call-target.ts';

const callMethods: ReadonlySet<string> = new Set([
  Method.toolsCall,
  Method.resourcesRead,
  Method.promptsGet,
  Method.complete,
]);

/** The methods that a worker answers: resolved, decided, dispatched and recorded here. */
@Injectable()
export class Calls {
  readonly #catalog: Catalog;
  readonly #dispatch: Dispatch;
  readonly #singleUse: SingleUse;
  readonly #admission: CallAdmission;
  readonly #tasks: TaskAdmission;
  readonly #challenges: ScopeChallenges;
  readonly #revocations: Revocations;
  readonly #logger: Logger;
  readonly #maxCallMs: number;

  constructor(
    @Inject(SETTINGS) settings: GatewaySettings,
    @Inject(LOGGER) logger: Logger,
    catalog: Catalog,
    dispatch: Dispatch,
    singleUse: SingleUse,
    admission: CallAdmission,
    tasks: TaskAdmission,
    challenges: ScopeChallenges,
    revocations: Revocations,
  ) {
    this.#maxCallMs = settings.GATEWAY_MAX_CALL_MS;
    this.#logger = logger;
    this.#catalog = catalog;
    this.#dispatch = dispatch;
    this.#singleUse = singleUse;
    this.#admission = admission;
    this.#tasks = tasks;
    this.#challenges = challenges;
    this.#revocations = revocations;
    revocations.onRevoked((isOver) => dispatch.revoke(isOver));
  }

  /** True when `method` is answered by workers. */
  has(method: string): boolean {
    return callMethods.has(method);
  }

  /**
   * Has a worker answer one request.
   * @throws JsonRpcError for what is refused or failed; HttpRefusal 403 for missing scopes
   */
  async answer(request: McpRequest, context: RequestContext): Promise<McpAnswer> {
    const target = findTarget(this.#catalog, request);
    const record = new CallRecord(this.#logger, request, target);
    const missing =
      target.requiredCapabilities &&
      findMissingCapabilities(target.requiredCapabilities, request.meta.clientCapabilities);
    if (missing !== undefined) {
      record.refused('missing-capability');
      throw missingClientCapability(missing);
    }
    const toolName = request.message.method === Method.toolsCall ? target.name : undefined;
    const decision = decide(request.principal, target.scopes, toolName);
    if (decision.kind === 'challenge') {
      record.refused('challenge');
      throw await this.#challenges.refusalOf(request, decision.scopes);
    }
    const grantTask = this.#admitTask(request, target, record);
    const startedAtMs = Date.now();
    const outcome = await this.#dispatchOnce(request, target, () =>
      this.#dispatchAdmitted(request, target, context, { startedAtMs, grantTask }),
    );
    if (outcome === 'used-state') {
      record.refused('used-state');
      throw invalidParams('requestState has been used: send the request again without it');
    }
    record.ended(outcome);
    if (outcome.kind === 'failed') throw failureOf(outcome, request.span.traceId);
    // MCP Tasks extension §Capability Negotiation: never a handle to a client that did not ask for tasks.
    if (outcome.frame.resultType === 'task' && !grantTask) {
      if ('chunks' in outcome.frame) outcome.frame.chunks.cancel();
      throw new JsonRpcError(ErrorCode.internalError, 'Internal error');
    }
    return { kind: 'frame', frame: outcome.frame };
  }

  /** @throws JsonRpcError -31004 when the call needs a task and its caller has too many */
  #admitTask(request: McpRequest, target: CallTarget, record: CallRecord): GrantTask | undefined {
    try {
      return this.#tasks.admit(request, target);
    } catch (error) {
      record.refused('limit');
      throw error;
    }
  }

  /** Dispatches; once for each `requestState` where the tool asks for it. */
  async #dispatchOnce(
    { principal, message }: McpRequest,
    target: CallTarget,
    dispatch: () => Promise<DispatchOutcome>,
  ): Promise<DispatchOutcome | 'used-state'> {
    const { requestState } = message.params;
    // A state that is no text never verifies.
    if (!target.singleUseState || typeof requestState !== 'string') return dispatch();
    return this.#singleUse.dispatch(principal, requestState, this.#timeoutMsOf(target), dispatch);
  }

  async #dispatchAdmitted(
    request: McpRequest,
    target: CallTarget,
    context: RequestContext,
    { startedAtMs, grantTask }: { startedAtMs: number; grantTask: GrantTask | undefined },
  ): Promise<DispatchOutcome> {
    // A state that may be used once was waited for: who left meanwhile can send it again.
    if (context.signal.aborted) return { ...failures.cancelled(), executed: 'no' };
    if (this.#revocations.isRevoked(request.principal)) return failures.revoked();
    const permit = this.#admission.admit(request.principal);
    if (permit === undefined) return failures.tooManyCalls();
    context.onClose(() => permit.release());
    context.expectDelay();
    const outcome = await this.#dispatch.dispatch(
      {
        tenant: request.principal.tenant,
        server: target.server,
        digest: target.digest,
        method: request.message.method,
        name: target.name,
        principal: request.principal,
        traceId: request.span.traceId,
        trace: request.span.carrier,
        body: request.body,
        startedAtMs,
        timeoutMs: this.#timeoutMsOf(target),
        replayable: target.replayable,
        ...(grantTask && { grantTask }),
      },
      (notification) => context.notify(notification),
      context.signal,
    );
    permit.release();
    return outcome;
  }

  #timeoutMsOf(target: CallTarget): number {
    return Math.min(target.timeoutMs, this.#maxCallMs);
  }
}

const failureMessages: Record<DispatchFailure['code'], string> = {
  [-31001]: 'No worker of this server is available',
  [-31002]: 'The outcome of the call is unknown',
  [-31003]: 'The call took longer than it may',
  [-31004]: 'The account has used up too many request states',
  [-31005]: 'Too much is going on to take this call now',
  [-31008]: 'The request or its result is too large',
  [-31009]: 'A service that the call needs is not available',
};

function failureOf(failure: DispatchFailure, traceId: string) {
  const { code, executed, retryable, retryAfterMs } = failure;
  const data = { executed, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }), traceId };
  return gatehouseError(code, failureMessages[code], data);
}
