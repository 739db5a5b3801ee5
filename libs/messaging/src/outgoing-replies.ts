import type { Principal } from '@gatehouse/protocol';
import type { FinalFrame } from './call.ts';
import type { SendFrame } from './outgoing-reply.ts';
import { OutgoingReply } from './outgoing-reply.ts';
import type { RunningCall } from './running-call.ts';

/** How much of finished results may wait for windows to open before new calls are refused: of an account, and of all. */
const maxWaitingBytes = 128 * 1024 * 1024;
/** For how much of it one account counts at most, so that whoever reads nothing shuts out nobody else. */
const maxAccountShareBytes = maxWaitingBytes / 4;

/**
 * Results whose readers have not let them go yet. Their handlers have ended, so they hold no place in the queue; what
 * they hold is memory, and that is what limits them.
 */
export class OutgoingReplies {
  readonly #waiting = new Map<string, { call: RunningCall; reply: OutgoingReply }>();
  readonly #bytesByAccount = new Map<string, number>();
  /** Of all accounts, none for more than its share. */
  #countedBytes = 0;
  #onIdle: (() => void) | undefined;

  get size(): number {
    return this.#waiting.size;
  }

  /** True when no further result of this caller may be made to wait. */
  isFullFor(principal: Principal): boolean {
    if (this.#countedBytes >= maxWaitingBytes) return true;
    // Nobody waits, nearly always: then nothing is looked up.
    return this.#waiting.size > 0 && (this.#bytesByAccount.get(accountOf(principal)) ?? 0) >= maxWaitingBytes;
  }

  /** Sends a frame in chunks: what the window allows now, the rest when it opens. */
  send(call: RunningCall, frame: FinalFrame, chunkBytes: number, publish: SendFrame): void {
    const reply = new OutgoingReply(frame, chunkBytes, publish);
    reply.sendUpTo(call.windowBytes);
    if (reply.complete) return;
    call.awaitReader();
    this.#waiting.set(call.callId, { call, reply });
    this.#count(call.principal, reply.totalBytes);
  }

  /** The gateway has passed on enough to take the message up to this byte. */
  openWindow(callId: string, upToBytes: number): void {
    const entry = this.#waiting.get(callId);
    if (!entry) return;
    entry.call.awaitReader();
    entry.reply.sendUpTo(upToBytes);
    if (entry.reply.complete) this.drop(callId);
  }

  /** Forgets the rest of a result: it is sent, or nobody wants it. */
  drop(callId: string): void {
    const entry = this.#waiting.get(callId);
    if (!entry) return;
    this.#waiting.delete(callId);
    this.#count(entry.call.principal, -entry.reply.totalBytes);
    if (this.#waiting.size === 0) this.#onIdle?.();
  }

  /** Forgets what no gateway has asked for in time. */
  expire(now: number): void {
    for (const [callId, { call }] of this.#waiting) if (call.deadlineMs <= now) this.drop(callId);
  }

  abortAll(): void {
    for (const callId of this.#waiting.keys()) this.drop(callId);
  }

  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#waiting.size === 0) resolve();
    });
  }

  #count(principal: Principal, bytes: number): void {
    const account = accountOf(principal);
    const before = this.#bytesByAccount.get(account) ?? 0;
    const after = before + bytes;
    if (after === 0) this.#bytesByAccount.delete(account);
    else this.#bytesByAccount.set(account, after);
    this.#countedBytes += Math.min(after, maxAccountShareBytes) - Math.min(before, maxAccountShareBytes);
  }
}

function accountOf({ tenant, issuer, accountId }: Principal): string {
  return JSON.stringify([tenant, issuer, accountId]);
}
