import { setTimeout as delay } from 'node:timers/promises';
import { hasEnded, TaskIndex } from '@gatehouse/messaging';
import type { StoredTask, TaskKey } from '@gatehouse/messaging';
import { isObject, JsonRpcError } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { McpRequest } from '../endpoint/mcp-request.ts';
import { LOGGER } from '../injection-tokens.ts';
import { TaskAccess } from '../tasks/task-access.ts';
import { encodeDetailedTask } from '../tasks/task-answers.ts';
import { isVisible, keyOf } from '../tasks/task-visibility.ts';
import { requireTasksExtension } from '../tasks/tasks-extension.ts';
import { logTaskNotTold } from './events.ts';
import { Notification } from './notification.ts';
import type { Subscription } from './subscription.ts';
import { Subscriptions } from './subscriptions.ts';
import { taskGroup, topicName } from './topic.ts';
import type { Topic } from './topic.ts';

/** NATS has just not answered. */
const retryIntervalMs = 500;

/** With its tag it fits what may wait for a reader. */
const maxTaskBytes = 1024 * 1024 - 16 * 1024;

/** A task as a topic. */
interface TaskTopic extends Topic {
  taskKey: TaskKey;
}

/** Carries changes of tasks from their stream to the streams that follow them (MCP Tasks extension §Task Status Notifications). */
@Injectable()
export class TaskChanges implements OnApplicationShutdown {
  readonly #index: TaskIndex;
  readonly #tasks: TaskAccess;
  readonly #subscriptions: Subscriptions;
  readonly #logger: Logger;
  readonly #stop: () => void;
  /** By topic: what is being read, and whether it changed meanwhile. */
  readonly #reading = new Map<string, { again: boolean }>();

  constructor(@Inject(LOGGER) logger: Logger, index: TaskIndex, tasks: TaskAccess, subscriptions: Subscriptions) {
    this.#logger = logger;
    this.#index = index;
    this.#tasks = tasks;
    this.#subscriptions = subscriptions;
    this.#stop = index.listen(({ key }) => this.#hear(topicOf(key)));
  }

  onApplicationShutdown(): void {
    this.#stop();
  }

  /**
   * The tasks that the caller may follow; others, which include those of everybody else, are left out.
   * @throws JsonRpcError -32021 without the extension (§Protocol Errors), -31009 when NATS does not answer, -31005 when too much is
   * being read
   */
  async acknowledge(request: McpRequest, taskIds: readonly string[]): Promise<TaskTopic[]> {
    requireTasksExtension(request.meta.clientCapabilities);
    const named = taskIds.map((taskId) => keyOf(request.principal, taskId)).filter((key) => key !== undefined);
    const keys = named.filter((key) => !this.#isKnownTooLarge(key));
    const tasks = await Promise.all(keys.map((key) => this.#tasks.read(key, request.span.traceId)));
    return keys.filter((_, index) => mayFollow(request, tasks[index])).map(topicOf);
  }

  /** What cannot be told of need not be read. */
  #isKnownTooLarge(key: TaskKey): boolean {
    const known = this.#index.find(key);
    return known !== undefined && hasEnded(known.status) && known.bytes > maxTaskBytes;
  }

  /** A task may have changed before anybody listened, so that each is told as it is. */
  tellPresent({ topics }: Subscription): void {
    for (const topic of topics) if (isTaskTopic(topic)) this.#hear(topic);
  }

  #hear(topic: TaskTopic): void {
    if (!this.#subscriptions.index.has(topic)) return;
    const name = topicName(topic);
    const reading = this.#reading.get(name);
    if (reading) reading.again = true;
    else this.#readUntilUnchanged(name, topic).catch((error: unknown) => logTaskNotTold(this.#logger, error));
  }

  /** One reading at a time, so that nobody hears of an older state after a newer one. */
  async #readUntilUnchanged(name: string, topic: TaskTopic): Promise<void> {
    const reading = { again: true };
    this.#reading.set(name, reading);
    try {
      while (reading.again && this.#subscriptions.index.has(topic)) {
        reading.again = false;
        const task = await this.#tasks.read(topic.taskKey, '').catch(unreadable);
        if (task === 'unreadable') {
          reading.again = true;
          await delay(retryIntervalMs, undefined, { ref: false });
        } else if (task) this.#tell(topic, task);
      }
    } finally {
      this.#reading.delete(name);
    }
  }

  #tell(topic: TaskTopic, task: StoredTask): void {
    const params: unknown = JSON.parse(`{${encodeDetailedTask(topic.key, task).toString()}}`);
    // As it will be written: a worker's own JSON may have been shorter.
    if (isObject(params) && Buffer.byteLength(JSON.stringify(params)) <= maxTaskBytes)
      return this.#subscriptions.broadcast(topic, new Notification('notifications/tasks', params));
    // Who listens anew is not promised this task, and asks for it.
    for (const subscription of this.#subscriptions.index.listeners(topic)) subscription.end('too-large');
  }
}

function mayFollow(request: McpRequest, task: StoredTask | undefined): boolean {
  return task !== undefined && task.content.length <= maxTaskBytes / 2 && isVisible(request, task) === 'visible';
}

function unreadable(error: unknown): 'unreadable' {
  if (error instanceof JsonRpcError) return 'unreadable';
  throw error;
}

function topicOf(key: TaskKey): TaskTopic {
  return { group: taskGroup(key), key: key.taskId, taskKey: key };
}

function isTaskTopic(topic: Topic): topic is TaskTopic {
  return 'taskKey' in topic;
}
