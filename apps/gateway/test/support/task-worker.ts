import { setTimeout as delay } from 'node:timers/promises';
import type { CallHandler, FinalFrame, OwnTask } from '@gatehouse/messaging';
import { connectNats, inboxPrefix, serveCalls } from '@gatehouse/messaging';
import type { ServerDefinitions } from '@gatehouse/protocol';
import { createLogger } from '@gatehouse/runtime';

const inputSchema = { type: 'object' };

/** A server whose tools go on as tasks. */
function taskDefinitions(server: string): ServerDefinitions {
  return {
    server,
    version: '1.0.0',
    completions: false,
    logging: false,
    uriPrefixes: [],
    tools: [
      { name: 'work', inputSchema, gatehouse: { task: 'optional' } },
      { name: 'must', inputSchema, gatehouse: { task: 'required' } },
      { name: 'short', inputSchema, gatehouse: { task: 'optional', taskTtlMs: 1_000 } },
      { name: 'plain', inputSchema },
      { name: 'guarded', inputSchema, gatehouse: { task: 'optional', scopes: [`${server}:guarded`] } },
    ],
    resources: [],
    resourceTemplates: [],
    prompts: [],
  };
}

/** What a call of these tools may ask for. */
interface Work {
  /** How long the task takes; for ever when absent. */
  workMs?: number;
  /** Asked at once, before the work. */
  questions?: string[];
  /** Makes the result this large. */
  resultBytes?: number;
  /** Ends with a JSON-RPC error instead of a result. */
  fails?: boolean;
}

const handler: CallHandler = async (call) => {
  const { id, params } = JSON.parse(Buffer.from(call.body).toString()) as { id: number; params: { arguments?: Work } };
  const answer = (result: object, resultType: string): FinalFrame => ({
    kind: 'result',
    resultType,
    body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType, ...result } })),
  });
  const creation = await call.task?.create('working on it');
  if (creation?.kind !== 'created') {
    // A handle that nobody asked for: gateways keep it from the client.
    const type = call.name === 'plain' && params.arguments?.fails ? 'task' : 'complete';
    return answer({ content: [{ type: 'text', text: 'done at once' }] }, type);
  }
  void work(creation.task, params.arguments ?? {});
  const { taskId, createdAtMs, ttlMs } = creation.task;
  const createdAt = new Date(createdAtMs).toISOString();
  return answer({ taskId, status: 'working', createdAt, lastUpdatedAt: createdAt, ttlMs }, 'task');
};

async function work(task: OwnTask, { workMs, questions = [], resultBytes = 0, fails }: Work): Promise<void> {
  try {
    const answers = await Promise.all(
      questions.map((key) => task.ask(key, { method: 'elicitation/create', params: {} })),
    );
    await delay(workMs ?? 2 ** 31 - 1, undefined, { signal: task.signal });
    if (fails) return await task.end({ status: 'failed', error: json({ code: -32_603, message: 'it failed' }) });
    await task.end({
      status: 'completed',
      result: json({ content: [{ type: 'text', text: JSON.stringify(answers).padEnd(resultBytes) }] }),
    });
  } catch {
    if (task.stopped === 'ending')
      await task.end({ status: 'failed', error: json({ code: -31_002, message: 'ended' }) });
    else await task.end({ status: 'cancelled' });
  }
}

const json = (value: object) => Buffer.from(JSON.stringify(value));

/** Serves these tools on a connection of its own. */
export async function startTaskWorker(options: { url: string; tenant: string; server: string; instance: string }) {
  const { url, tenant, server, instance } = options;
  const logger = createLogger('task-worker', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
  const prefix = inboxPrefix({ role: 'worker', tenant, servers: [server] });
  const connection = await connectNats({ servers: url, name: 'task-worker', inboxPrefix: prefix, logger });
  const served = serveCalls({
    connection,
    tenant,
    instance,
    servers: [{ definitions: taskDefinitions(server), handler }],
    concurrency: 16,
    taskGraceMs: 100,
    logger,
  });
  await served.ready;
  return {
    stop: async () => {
      await served.drain();
      await connection.close();
    },
  };
}
