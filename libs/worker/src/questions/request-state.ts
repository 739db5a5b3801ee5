import { hash } from 'node:crypto';
import { requestStateMaxAgeMs } from '@gatehouse/messaging';
import type { IncomingCall } from '@gatehouse/messaging';
import { canonicalJson, invalidParams, isObject } from '@gatehouse/protocol';
import type { StateKeys } from '@gatehouse/runtime';
import { ContextMisuseError } from '../errors.ts';

/** Of the text that travels; the request that brings it back has a limit as well. */
const maxRequestStateBytes = 64 * 1024;

/** What one round leaves to the next. */
export interface KeptState {
  /** Responses of the client that were answers, by key. */
  answers: Record<string, unknown>;
  /** Results of finished steps, by name: a list of one, or of none for a step without result. */
  steps: Record<string, [] | [unknown]>;
  /** `requestState` of a raw result. */
  own?: string;
}

/** More was to be kept between two rounds than a `requestState` may hold: a fault of the handler. */
export class RequestStateTooLargeError extends ContextMisuseError {
  constructor(bytes: number) {
    super(
      `The answers and finished steps of this call make a requestState of ${bytes} bytes, more than ${maxRequestStateBytes}.`,
    );
  }
}

/**
 * What a state belongs to (MCP 2026-07-28 Multi Round-Trip Requests §Server Requirements 5; Elicitation §Security
 * Considerations: to client and user): the caller, and the request with its arguments.
 */
export function bindingOf(call: IncomingCall, requestArguments: unknown): string[] {
  const { tenant, issuer, accountId, oauthClientId } = call.principal;
  const argumentsDigest = hash('sha256', canonicalJson(requestArguments ?? {}), 'base64url');
  return [tenant, issuer, accountId, oauthClientId, call.server, call.method, call.name, argumentsDigest];
}

/** Seals what rounds leave to each other, so that clients can neither read nor change it, nor use it elsewhere. */
export class RequestStates {
  readonly #keys: StateKeys;

  constructor(keys: StateKeys) {
    this.#keys = keys;
  }

  /** @throws RequestStateTooLargeError */
  seal(binding: readonly string[], kept: KeptState): string {
    const content = JSON.stringify({ expiresAtMs: Date.now() + requestStateMaxAgeMs, ...kept });
    const sealed = this.#keys.seal(purpose, binding, Buffer.from(content));
    if (sealed.length > maxRequestStateBytes) throw new RequestStateTooLargeError(sealed.length);
    return sealed;
  }

  /** @throws JsonRpcError -32602 for what is not one of ours, not of this request, or expired */
  open(binding: readonly string[], sealed: unknown): KeptState {
    if (typeof sealed !== 'string' || sealed.length > maxRequestStateBytes) throw notVerified();
    const content = this.#keys.open(purpose, binding, sealed);
    if (!content) throw notVerified();
    const { expiresAtMs, ...kept } = JSON.parse(content.toString()) as KeptState & { expiresAtMs: number };
    if (!(expiresAtMs > Date.now()) || !isObject(kept.answers)) throw notVerified();
    return kept;
  }
}

const purpose = 'request-state';

/** One sentence for every reason: which of them it was is nobody's business. */
function notVerified(): Error {
  return invalidParams('requestState does not verify: send the request again without it');
}
