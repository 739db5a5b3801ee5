import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@gatehouse/runtime';
import type { Msg, NatsConnection } from '@nats-io/nats-core';
import type { Beat } from './beat.ts';
import { beatIntervalMs, parseBeat, parseBeatOf } from './beat.ts';
import type { BusMonitor } from './bus-monitor.ts';
import type { CallClient } from './call-client.ts';
import { logBeatsDropped, logInstanceGone, logInstanceSeen, logInstanceSuspect } from './events.ts';
import type { InstanceAddress } from './subjects.ts';
import { anyToken, subjects, subjectToken } from './subjects.ts';
import { subscribe } from './subscribe.ts';

/** Silence after which an instance gets no new calls and is probed. */
const suspectAfterMs = 1_000;
const sweepIntervalMs = 250;
/** More instances of one server than anybody runs; a worker that invents names cannot fill the memory. */
const maxInstancesPerServer = 1_000;

/** One instance as this gateway knows it. */
export interface Instance {
  readonly address: InstanceAddress;
  readonly digest: string;
  /** Calls of this gateway that it has not answered yet; counted by the dispatcher. */
  inFlight: number;
}

interface KnownInstance extends Instance {
  digest: string;
  previousDigest: string | undefined;
  state: Beat['state'];
  /** Calls of other gateways, and tasks, that it had at its last beat. */
  loadOfOthers: number;
  heardAt: number;
  suspect: boolean;
  probing: boolean;
}

/**
 * Which instances live, by their beats alone. A missed beat makes an instance suspect: no new calls, and it is probed.
 * Nobody listening on its subject means dead, and the call client ends its calls at once. Silence means stopped or
 * blocked: its calls keep their own deadlines.
 */
export class InstanceRegistry {
  readonly #calls: CallClient;
  readonly #bus: BusMonitor;
  readonly #logger: Logger;
  readonly #servers = new Map<string, Map<string, KnownInstance>>();
  /** Instances that may get calls, by server and digest. */
  readonly #ready = new Map<string, KnownInstance[]>();
  readonly #listeners: (() => void)[] = [];
  readonly #sweepTimer: NodeJS.Timeout;
  #sweptAt = performance.now();
  #dropped = 0;
  #dropsLoggedAt = Number.NEGATIVE_INFINITY;

  constructor(connection: NatsConnection, calls: CallClient, bus: BusMonitor, logger: Logger) {
    this.#calls = calls;
    this.#bus = bus;
    this.#logger = logger;
    const beats = subjects.beat({ tenant: anyToken, server: anyToken, instance: anyToken });
    subscribe(connection, beats, logger, (message) => this.#receive(message));
    bus.addRecoveryStep(() => this.#listenAfresh());
    this.#sweepTimer = setInterval(() => this.#sweep(), sweepIntervalMs);
    this.#sweepTimer.unref();
  }

  /** True when an instance of this digest may get calls. */
  isReady(tenant: string, server: string, digest: string): boolean {
    return this.#ready.has(readyKey(subjectToken(tenant), subjectToken(server), digest));
  }

  /** True when this very instance is heard, whether or not it takes calls. */
  isHeard(address: InstanceAddress): boolean {
    return this.#instancesOf(address)?.get(address.instance)?.suspect === false;
  }

  /**
   * The less loaded of two random live instances of a digest: this gateway's own calls in flight plus those that
   * others had there at its last beat. Undefined when there is none beside the `excluded` ones.
   */
  pick(tenant: string, server: string, digest: string, excluded?: ReadonlySet<Instance>): Instance | undefined {
    const of = { tenant: subjectToken(tenant), server: subjectToken(server) };
    let ready = this.#ready.get(readyKey(of.tenant, of.server, digest)) ?? this.#stillServing(of, digest);
    if (ready && excluded && excluded.size > 0) ready = ready.filter((instance) => !excluded.has(instance));
    if (!ready || ready.length < 2) return ready?.[0];
    const first = Math.floor(Math.random() * ready.length);
    const second = (first + 1 + Math.floor(Math.random() * (ready.length - 1))) % ready.length;
    const [a, b] = [ready[first], ready[second]] as [KnownInstance, KnownInstance];
    return a.inFlight + a.loadOfOthers <= b.inFlight + b.loadOfOthers ? a : b;
  }

  /** How many instances of each server are in which state; `suspect` ones are silent. */
  census(): { server: string; state: Beat['state'] | 'suspect'; count: number }[] {
    const counts = new Map<string, { server: string; state: Beat['state'] | 'suspect'; count: number }>();
    for (const instances of this.#servers.values()) {
      for (const { address, state: beaten, suspect } of instances.values()) {
        const state = suspect ? 'suspect' : beaten;
        const entry = counts.get(`${address.server} ${state}`) ?? { server: address.server, state, count: 0 };
        entry.count++;
        counts.set(`${address.server} ${state}`, entry);
      }
    }
    return [...counts.values()];
  }

  /** Nobody listens on this instance's subject: it is dead until it beats again. */
  reportUnreachable(instance: Instance): void {
    const known = this.#instancesOf(instance.address)?.get(instance.address.instance);
    if (known === instance) this.#bury(known, 'nobody listens');
  }

  /** Calls `listener` whenever a digest of a server gets its first ready instance or loses its last one. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    clearInterval(this.#sweepTimer);
  }

  #receive(message: Msg): void {
    const parsed = parseBeat(message);
    if (parsed) this.#hear(parsed.from, parsed.beat);
    else this.#dropBeat(message.subject);
  }

  #hear(from: InstanceAddress, beat: Beat): void {
    const instances = this.#instancesOf(from) ?? new Map<string, KnownInstance>();
    const known = instances.get(from.instance);
    if (beat.state === 'stopped') return known && this.#bury(known, 'stopped');
    if (!known && instances.size >= maxInstancesPerServer) return this.#dropBeat(subjects.beat(from));
    this.#servers.set(serverKey(from), instances);
    const instance = known ?? newInstance(from, beat);
    instances.set(from.instance, instance);
    const mayGetCalls = known !== undefined && isLive(known);
    const sameDigest = instance.digest === beat.digest;
    const { digest, previousDigest, state } = beat;
    // What it says includes this gateway's own calls, which are counted as they come and go.
    const loadOfOthers = Math.max(0, beat.load - instance.inFlight);
    Object.assign(instance, { digest, previousDigest, state, loadOfOthers });
    Object.assign(instance, { heardAt: performance.now(), suspect: false });
    if (mayGetCalls && sameDigest && isLive(instance)) return;
    if (!mayGetCalls && isLive(instance))
      logInstanceSeen(this.#logger, { ...described(instance), digest: beat.digest });
    this.#indexReady(from);
  }

  #sweep(): void {
    const now = performance.now();
    // A blocked event loop delays timers and beats alike: what it looks like then says nothing about the instances.
    const wasBlocked = now - this.#sweptAt > 2 * sweepIntervalMs;
    this.#sweptAt = now;
    if (wasBlocked || !this.#bus.carries) return;
    for (const instances of this.#servers.values()) {
      for (const instance of instances.values()) {
        if (now - instance.heardAt <= suspectAfterMs) continue;
        if (!instance.suspect) this.#suspect(instance);
        if (!instance.probing) void this.#probe(instance);
      }
    }
  }

  #suspect(instance: KnownInstance): void {
    instance.suspect = true;
    logInstanceSuspect(this.#logger, described(instance));
    this.#indexReady(instance.address);
  }

  async #probe(instance: KnownInstance): Promise<void> {
    instance.probing = true;
    const outcome = await this.#calls.probe(instance.address, beatIntervalMs);
    instance.probing = false;
    if (this.#instancesOf(instance.address)?.get(instance.address.instance) !== instance) return;
    if (outcome.kind === 'no-responders') this.#bury(instance, 'nobody listens');
    const beat = outcome.kind === 'alive' ? parseBeatOf(outcome.beat) : undefined;
    if (beat) this.#hear(instance.address, beat);
  }

  #bury(instance: KnownInstance, reason: 'stopped' | 'nobody listens'): void {
    const instances = this.#instancesOf(instance.address);
    instances?.delete(instance.address.instance);
    if (instances?.size === 0) this.#servers.delete(serverKey(instance.address));
    this.#indexReady(instance.address);
    logInstanceGone(this.#logger, { ...described(instance), reason });
  }

  /** Recovery: what was known before the outage is worth nothing; after one beat interval everybody has been heard. */
  async #listenAfresh(): Promise<void> {
    this.#servers.clear();
    this.#ready.clear();
    await delay(beatIntervalMs + 100);
    this.#announceChange();
  }

  /**
   * Live instances that went on to other definitions and still answer for these: this gateway may hear of the instance
   * before it has read the new definitions.
   */
  #stillServing(of: Omit<InstanceAddress, 'instance'>, digest: string): KnownInstance[] | undefined {
    const instances = [...(this.#instancesOf(of)?.values() ?? [])];
    const still = instances.filter((instance) => isLive(instance) && instance.previousDigest === digest);
    return still.length === 0 ? undefined : still;
  }

  /** Sorts a server's live instances by digest again; tells the listeners if a digest came or went. */
  #indexReady(of: Omit<InstanceAddress, 'instance'>): void {
    const prefix = `${serverKey(of)}.`;
    const before = [...this.#ready.keys()].filter((key) => key.startsWith(prefix));
    for (const key of before) this.#ready.delete(key);
    for (const instance of this.#instancesOf(of)?.values() ?? []) {
      if (!isLive(instance)) continue;
      const key = readyKey(of.tenant, of.server, instance.digest);
      this.#ready.set(key, [...(this.#ready.get(key) ?? []), instance]);
    }
    const after = [...this.#ready.keys()].filter((key) => key.startsWith(prefix));
    if (before.length !== after.length || before.some((key) => !this.#ready.has(key))) this.#announceChange();
  }

  #announceChange(): void {
    for (const listener of this.#listeners) listener();
  }

  #instancesOf(of: Omit<InstanceAddress, 'instance'>): Map<string, KnownInstance> | undefined {
    return this.#servers.get(serverKey(of));
  }

  #dropBeat(natsSubject: string): void {
    this.#dropped++;
    if (performance.now() - this.#dropsLoggedAt < 60_000) return;
    logBeatsDropped(this.#logger, { natsSubject, dropped: this.#dropped });
    this.#dropsLoggedAt = performance.now();
    this.#dropped = 0;
  }
}

function newInstance(address: InstanceAddress, beat: Beat): KnownInstance {
  const { digest, previousDigest, state, load: loadOfOthers } = beat;
  return {
    address,
    digest,
    previousDigest,
    state,
    loadOfOthers,
    inFlight: 0,
    heardAt: performance.now(),
    suspect: false,
    probing: false,
  };
}

function isLive(instance: KnownInstance): boolean {
  return instance.state === 'ready' && !instance.suspect;
}

function described({ address: { server, instance } }: KnownInstance): { server: string; instance: string } {
  return { server, instance };
}

function serverKey(of: Omit<InstanceAddress, 'instance'>): string {
  return `${of.tenant}.${of.server}`;
}

function readyKey(tenant: string, server: string, digest: string): string {
  return `${tenant}.${server}.${digest}`;
}
