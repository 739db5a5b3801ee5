import { hash } from 'node:crypto';
import type { ReceivedFrame } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import { failures } from '../../dispatch/dispatch-failures.ts';
import type { DispatchOutcome } from '../../dispatch/dispatch-outcome.ts';
import { calls, requestBytes, responseBytes } from '../../telemetry/call-metrics.ts';
import { logCall } from '../events.ts';
import type { McpRequest } from '../mcp-request.ts';
import type { CallTarget } from './call-target.ts';

/** What became of a call, as its record says it. */
export type RecordedOutcome =
  | 'result'
  | 'tool-error'
  | 'input-required'
  | 'task'
  | 'error'
  | 'refused'
  | 'not-executed'
  | 'outcome-unknown'
  | 'result-lost';

const outcomeOfResultType: ReadonlyMap<string | undefined, RecordedOutcome> = new Map([
  ['input_required', 'input-required'],
  ['task', 'task'],
]);

/** The one record of one call: who called what, with which arguments (by digest), what was decided and how it ended. */
export class CallRecord {
  readonly #logger: Logger;
  readonly #request: McpRequest;
  readonly #target: CallTarget;
  readonly #startedAt = performance.now();

  constructor(logger: Logger, request: McpRequest, target: CallTarget) {
    this.#logger = logger;
    this.#request = request;
    this.#target = target;
    request.span.concern({ method: request.message.method, server: target.server, name: target.definitionName });
  }

  /** The policy or a missing capability stopped the call before any worker saw it. */
  refused(decision: 'challenge' | 'missing-capability' | 'limit' | 'used-state'): void {
    this.#write({ decision, outcome: 'refused', responseBytes: 0 });
  }

  /** The call is answered or failed. A result in chunks ends with its last one. */
  ended(outcome: DispatchOutcome): void {
    if (outcome.kind === 'answered') this.#describe(outcome.frame, outcome.instance);
    if (outcome.kind === 'failed' || !('chunks' in outcome.frame)) return this.#writeOutcome(outcome);
    outcome.frame.chunks.onEnd((loss) => this.#writeOutcome(loss === undefined ? outcome : failures.brokenOff(loss)));
  }

  /** The span ends with the first frame: it does not wait for whoever reads the rest. */
  #describe(frame: ReceivedFrame, instance: string): void {
    const { span } = this.#request;
    span.describe({ 'gatehouse.instance': instance });
    if (frame.kind === 'error') span.fail({ type: String(frame.errorCode ?? '_OTHER') });
    else if (frame.isError === true) span.fail({ type: 'tool_error' });
  }

  #writeOutcome(outcome: DispatchOutcome): void {
    const decision = 'allow';
    if (outcome.kind === 'failed') {
      const { executed, reason, code } = outcome;
      const ending = { no: 'not-executed', unknown: 'outcome-unknown', yes: 'result-lost' } as const;
      this.#write({ decision, outcome: ending[executed], reason, errorCode: code, responseBytes: 0 });
      return;
    }
    const { frame, instance } = outcome;
    const responseBytes = 'body' in frame ? frame.body.length : frame.bytes;
    if (frame.kind === 'error') {
      this.#write({ decision, outcome: 'error', errorCode: frame.errorCode, instance, responseBytes });
      return;
    }
    const plain = frame.isError === true ? 'tool-error' : 'result';
    this.#write({
      decision,
      outcome: outcomeOfResultType.get(frame.resultType) ?? plain,
      instance,
      responseBytes,
    });
  }

  #write(ending: {
    decision: 'allow' | 'challenge' | 'missing-capability' | 'limit' | 'used-state';
    outcome: RecordedOutcome;
    responseBytes: number;
    reason?: string;
    errorCode?: number | undefined;
    instance?: string;
  }): void {
    const { principal, message, span, body, version } = this.#request;
    const { server } = this.#target;
    calls.add(1, [server, message.method, ending.outcome]);
    requestBytes.add(body.length, [server, message.method]);
    responseBytes.add(ending.responseBytes, [server, message.method]);
    logCall(this.#logger, {
      traceId: span.traceId,
      tenant: principal.tenant,
      accountId: principal.accountId,
      oauthClientId: principal.oauthClientId,
      tokenId: principal.tokenId,
      version,
      method: message.method,
      server,
      name: this.#target.definitionName,
      definitionsDigest: this.#target.digest,
      argumentsDigest: hash('sha256', JSON.stringify(message.params.arguments ?? {}), 'hex'),
      durationMs: Math.round((performance.now() - this.#startedAt) * 100) / 100,
      requestBytes: body.length,
      ...ending,
    });
  }
}
