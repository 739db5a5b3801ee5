import { setTimeout as delay } from 'node:timers/promises';
import type { Principal } from '@gatehouse/protocol';
import { Slots } from '@gatehouse/runtime';
import type { Logger } from '@gatehouse/runtime';
import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { InvalidArgumentError } from '@nats-io/nats-core';
import type { BusMonitor } from './bus-monitor.ts';
import type { CallOutcome, CallRequest } from './call.ts';
import type { CallControl } from './pending-call.ts';
import { PendingCall } from './pending-call.ts';
import { PublishBatch } from './publish-batch.ts';
import { ReplyWindows } from './reply-windows.ts';
import type { InstanceAddress, SubjectToken } from './subjects.ts';
import { anyToken, randomToken, subjects } from './subjects.ts';
import { subscribe } from './subscribe.ts';
import { encodeCallHeaders, encodeControl, headerRoomBytes, isNoResponders, parseFrameHeader } from './wire.ts';

/** How often deadlines are looked at: one timer for all calls costs less than one per call. */
const sweepIntervalMs = 50;

/** How long after the deadline the worker may still say that the call never ran. */
const confirmationMs = 300;

/** How long the last words to the workers may take. */
const flushMs = 1_000;

/** What a probe heard: a beat's bytes, that nobody listens, or nothing within its time. */
type ProbeOutcome = { kind: 'alive'; beat: Msg } | { kind: 'no-responders' } | { kind: 'silent' };

interface PendingProbe {
  to: InstanceAddress;
  sequence: number;
  settle: (outcome: ProbeOutcome) => void;
}

/**
 * The gateway's side of calls: one subscription for all answers, an unguessable reply subject per call. It knows one
 * attempt at one instance; which instance, and whether to try another, is the dispatcher's business.
 */
export class CallClient {
  readonly #connection: NatsConnection;
  readonly #gateway: SubjectToken;
  readonly #bus: BusMonitor;
  readonly #pending = new Slots<PendingCall>();
  readonly #outgoing = new PublishBatch();
  readonly #windows = new ReplyWindows();
  readonly #control: CallControl;
  readonly #probes = new Map<string, PendingProbe>();
  readonly #sweep: NodeJS.Timeout;
  /** Counts what is published, calls and probes alike. */
  #sequence = 0;

  constructor(connection: NatsConnection, bus: BusMonitor, logger: Logger) {
    this.#connection = connection;
    this.#gateway = randomToken(8);
    this.#bus = bus;
    this.#control = {
      cancel: (call) => this.#cancelAtWorker(call),
      openWindow: (call, upToBytes) => this.#sendControl(call.to, { kind: 'window', callId: call.callId, upToBytes }),
      forget: (call) => {
        if (this.#pending.delete(call.slot, call)) this.#windows.release(call.windowBytes);
      },
    };
    const replies = subjects.reply({ tenant: anyToken, server: anyToken }, this.#gateway, anyToken);
    subscribe(connection, replies, logger, (message) => this.#receive(message));
    bus.onGone(() => this.#endAll());
    this.#sweep = setInterval(() => this.#endOverdue(Date.now()), sweepIntervalMs);
    this.#sweep.unref();
  }

  /** Calls whose answer is not complete yet. */
  get inFlight(): number {
    return this.#pending.size;
  }

  /** Largest body of a call, by what the connected server carries. */
  get maxBodyBytes(): number {
    return (this.#connection.info?.max_payload ?? 1024 * 1024) - headerRoomBytes;
  }

  /**
   * Sends one call to one instance and waits for its end. Never rejects. Aborting `signal` cancels the call at the
   * worker.
   */
  call(
    to: InstanceAddress,
    request: CallRequest,
    onNotification: (body: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<CallOutcome> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve({ kind: 'cancelled' });
      if (!this.#bus.carries) return resolve({ kind: 'bus-gone' });
      const call = new PendingCall(to, this.#windows.grant(), request, this.#control, onNotification, resolve);
      const slot = this.#pending.add(call);
      const callId = callIdAt(slot);
      call.identify(slot, callId, subjects.reply(to, this.#gateway, callId));
      call.cancelOn(signal);
      this.#outgoing.add(() => {
        // A call that has ended meanwhile was never sent, so it will never run.
        if (this.#pending.get(slot) === call) this.#publish(call, request);
      });
    });
  }

  /** Ends the calls of some principals, here and at the workers. */
  revoke(isOver: (principal: Principal) => boolean): void {
    for (const call of this.#pending) {
      if (!isOver(call.principal)) continue;
      this.#cancelAtWorker(call);
      call.end({ kind: 'revoked' });
    }
  }

  /** Asks an instance whether it is there. If nobody listens any more, its calls end as lost. */
  probe(to: InstanceAddress, timeoutMs: number): Promise<ProbeOutcome> {
    return new Promise((resolve) => {
      const replySubject = subjects.reply(to, this.#gateway, randomToken(16));
      const settle = (outcome: ProbeOutcome) => {
        clearTimeout(timer);
        this.#probes.delete(replySubject);
        resolve(outcome);
      };
      const timer = setTimeout(() => settle({ kind: 'silent' }), timeoutMs);
      this.#probes.set(replySubject, { to, sequence: ++this.#sequence, settle });
      if (this.#bus.carries) this.#sendControl(to, { kind: 'probe' }, replySubject);
    });
  }

  /**
   * Ends what is in flight, here and at the workers, and the deadline timer; the connection stays open. Resolves when the
   * workers' part is on its way, for closing a connection drops what waits in it.
   */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    for (const call of this.#pending) {
      this.#cancelAtWorker(call);
      call.end({ kind: 'cancelled' });
    }
    if (this.#bus.carries) await Promise.race([this.#connection.flush().catch(() => {}), delay(flushMs)]);
  }

  #publish(call: PendingCall, request: CallRequest): void {
    if (request.body.length > this.maxBodyBytes) return call.end({ kind: 'request-too-large' });
    try {
      this.#connection.publish(subjects.call(call.to), request.body, {
        reply: call.replySubject,
        headers: encodeCallHeaders(request, call.deadlineMs, call.windowBytes),
      });
      call.sequence = ++this.#sequence;
    } catch (error) {
      // nats.js checks max_payload before it writes anything: headers beyond their room, or else a closed connection.
      call.end(error instanceof InvalidArgumentError ? { kind: 'request-too-large' } : { kind: 'bus-gone' });
    }
  }

  #receive(message: Msg): void {
    const call = this.#pending.get(slotOf(message.subject));
    if (call?.replySubject !== message.subject) return this.#receiveProbe(message);
    const header = parseFrameHeader(message);
    if (header !== undefined) return call.receive(header, message.data);
    if (!isNoResponders(message)) return call.end({ kind: 'lost', reason: 'malformed-frame' });
    call.end({ kind: 'unreachable' });
    this.#endCallsBefore(call);
  }

  #receiveProbe(message: Msg): void {
    const probe = this.#probes.get(message.subject);
    if (!probe) return;
    if (!isNoResponders(message)) return probe.settle({ kind: 'alive', beat: message });
    probe.settle({ kind: 'no-responders' });
    this.#endCallsBefore(probe);
  }

  /**
   * Nobody listens at an instance any more. NATS answers in the order of publishing, so what was published before was
   * delivered to an instance that is dead now; what was published after gets its own "no responders", and did not run.
   */
  #endCallsBefore({ to, sequence }: { to: InstanceAddress; sequence: number }): void {
    for (const call of this.#pending) {
      if (call.sequence >= sequence) continue;
      const { tenant, server, instance } = call.to;
      if (instance !== to.instance || server !== to.server || tenant !== to.tenant) continue;
      call.end({ kind: 'lost', reason: 'instance-died' });
    }
  }

  #endOverdue(now: number): void {
    for (const call of this.#pending) {
      if (call.deadlineMs > now) continue;
      if (call.deadlineMs + confirmationMs <= now) call.end({ kind: 'expired' });
      else if (call.askForConfirmation()) this.#cancelAtWorker(call);
    }
  }

  #endAll(): void {
    for (const call of this.#pending) {
      const published = Number.isFinite(call.sequence);
      call.end(published ? { kind: 'lost', reason: 'bus-gone' } : { kind: 'bus-gone' });
    }
  }

  #cancelAtWorker(call: PendingCall): void {
    if (this.#bus.carries) this.#sendControl(call.to, { kind: 'cancel', callId: call.callId });
  }

  #sendControl(to: InstanceAddress, message: Parameters<typeof encodeControl>[0], replySubject?: string): void {
    try {
      this.#connection.publish(
        subjects.control(to),
        encodeControl(message),
        replySubject === undefined ? {} : { reply: replySubject },
      );
    } catch {
      // The connection has closed: the worker ends the call at its deadline.
    }
  }
}

/** 128 random bits, which nobody can guess, and behind them the place of the call, which finds it again. */
function callIdAt(slot: number): SubjectToken {
  return `${randomToken(16)}${slot}` as SubjectToken;
}

function slotOf(replySubject: string): number {
  return Number(replySubject.slice(replySubject.lastIndexOf('.') + 1 + 32));
}
