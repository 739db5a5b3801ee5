import { ErrorCode } from '@gatehouse/protocol';
import type {
  BusMonitor,
  CallClient,
  InstanceAddress,
  InstanceRegistry,
  LiveTask,
  NatsConnection,
  TaskIndex,
  TaskStore,
} from '@gatehouse/messaging';
import { failTask, isUndelivered, ownerOf, tellOwner } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import { logTasksOrphaned, logTasksUnreachable } from './events.ts';
import type { OrphanReason } from './events.ts';
import type { TaskAccess } from './task-access.ts';

const sweepIntervalMs = 1_000;
const probeTimeoutMs = 500;

/** How long an owner is waited for. */
interface OwnerPatience {
  /** When nobody listens at an instance: after an outage workers come back within a second. */
  deadAfterMs: number;
  /** When an instance is stopped or blocked. */
  silentAfterMs: number;
}

const usualPatience: OwnerPatience = { deadAfterMs: 3_000, silentAfterMs: 30_000 };

/** How long clients' words may be on their way before they are said again. */
const deliveryMs = 2_000;

/** What owners need: everything that the module shares. */
interface TaskOwnersParts {
  connection: NatsConnection;
  bus: BusMonitor;
  calls: CallClient;
  registry: InstanceRegistry;
  index: TaskIndex;
  store: TaskStore;
  access: TaskAccess;
  logger: Logger;
}

/**
 * Looks after the owners of all living tasks, as every gateway does: ends the tasks of those that are gone, so that none
 * stays `working` for ever, and repeats what an owner has not confirmed. All write on the same conditions, so that they,
 * and an owner that returns, agree on one ending.
 */
export class TaskOwners {
  readonly #parts: TaskOwnersParts;
  readonly #patience: OwnerPatience;
  readonly #unheardSince = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #sweeping = false;

  constructor(parts: TaskOwnersParts, patience = usualPatience) {
    this.#parts = parts;
    this.#patience = patience;
    this.#timer = setInterval(() => void this.#sweep(), sweepIntervalMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      // Without a bus nobody is heard, and that says nothing.
      if (this.#parts.bus.carries) await this.#lookAfterAll();
      else this.#unheardSince.clear();
    } catch (error) {
      logTasksUnreachable(this.#parts.logger, error);
    } finally {
      this.#sweeping = false;
    }
  }

  async #lookAfterAll(): Promise<void> {
    const owners = Map.groupBy(this.#parts.index.live(), ({ key, state }) => addressText(ownerOf(key, state)));
    for (const known of this.#unheardSince.keys()) if (!owners.has(known)) this.#unheardSince.delete(known);
    await Promise.all([...owners].map(([name, tasks]) => this.#lookAfter(name, tasks)));
  }

  async #lookAfter(name: string, tasks: LiveTask[]): Promise<void> {
    const [first] = tasks as [LiveTask];
    const owner = ownerOf(first.key, first.state);
    const reason = await this.#findDead(name, owner);
    if (reason === undefined) return this.#remind(tasks);
    let failed = 0;
    for (const task of tasks) if (await this.#fail(owner, task)) failed++;
    if (failed > 0)
      logTasksOrphaned(this.#parts.logger, { server: owner.server, instance: owner.instance, tasks: failed, reason });
  }

  async #findDead(name: string, owner: InstanceAddress): Promise<OrphanReason | undefined> {
    const { registry, calls, bus } = this.#parts;
    const probed = registry.isHeard(owner) ? undefined : await calls.probe(owner, probeTimeoutMs);
    if (probed === undefined || probed.kind === 'alive' || !bus.carries) {
      this.#unheardSince.delete(name);
      return undefined;
    }
    const since = this.#unheardSince.get(name) ?? performance.now();
    this.#unheardSince.set(name, since);
    const unheardMs = performance.now() - since;
    const { deadAfterMs, silentAfterMs } = this.#patience;
    if (probed.kind === 'no-responders') return unheardMs >= deadAfterMs ? 'nobody listens' : undefined;
    return unheardMs >= silentAfterMs ? 'silent' : undefined;
  }

  /** True when this gateway ended it. */
  async #fail(owner: InstanceAddress, { key, state }: LiveTask): Promise<boolean> {
    const error = {
      code: ErrorCode.outcomeUnknown,
      message: 'The worker that ran the task is gone',
      data: { executed: 'unknown', retryable: false, traceId: state.traceId },
    };
    let failed = false;
    await this.#parts.store.change(key, (task) => {
      const ended = failTask(task, error, Date.now());
      failed = ended !== undefined;
      return ended;
    });
    // Should it be alive after all, it must not go on for nothing.
    tellOwner(this.#parts.connection, owner, { taskId: key.taskId, kind: 'ended' });
    return failed;
  }

  async #remind(tasks: LiveTask[]): Promise<void> {
    const { store, access } = this.#parts;
    for (const { key, state } of tasks) {
      if (!isUndelivered(state) || Date.now() - state.updatedAtMs < deliveryMs) continue;
      const task = await store.read(key);
      if (task) access.remind(key, task);
    }
  }
}

function addressText({ tenant, server, instance }: InstanceAddress): string {
  return `${tenant}.${server}.${instance}`;
}
