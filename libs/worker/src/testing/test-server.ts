import { randomBytes, randomUUID } from 'node:crypto';
import type { FinalFrame } from '@gatehouse/messaging';
import { encodeErrorResponse, invalidParams, MetaKey, Method, modernVersion } from '@gatehouse/protocol';
import type { Principal, ServerDefinitions } from '@gatehouse/protocol';
import { createLogger, StateKeys } from '@gatehouse/runtime';
import type { Logger } from '@gatehouse/runtime';
import type { InputRequests } from '../questions/input-requests.ts';
import { createCallHandler } from '../server/answer-call.ts';
import type { PreparedServer } from '../server/prepared-server.ts';
import { prepareServer } from '../server/prepare-server.ts';
import type { ServerIdentity } from '../server/prepare-server.ts';
import { FollowedTask } from './followed-task.ts';
import { playRounds } from './play-rounds.ts';
import type { TestAnswers } from './play-rounds.ts';

/** What one call came to, read from its frames. */
export interface TestAnswer {
  /** The result; empty when the call ended with an error. */
  result: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
  notifications: { method: string; params: Record<string, unknown> }[];
  /** What the worker tells the gateway beside the bytes. */
  frame: Omit<FinalFrame, 'body'>;
  /** With `answers`: what was asked in each round, in order; empty without. */
  asked: InputRequests[];
  /** The task that the call has become. */
  task?: FollowedTask;
}

/** What a test may say about a call. */
export interface TestCall {
  /** More of `params`, such as `inputResponses`. */
  params?: Record<string, unknown>;
  /** More of `params._meta`, such as `progressToken`. */
  meta?: Record<string, unknown>;
  principal?: Partial<Principal>;
  signal?: AbortSignal;
  /**
   * Plays a client that can answer everything: asked for input, it sends the request again with these, until there is a
   * result. Without them the first `input_required` result is the answer.
   */
  answers?: TestAnswers;
  /** Plays a client that follows tasks: the call may become one, which asks with `answers` too. */
  followsTasks?: boolean;
}

/** A server without gateway and NATS: calls go straight to the handler that a worker would run. */
export interface TestServer {
  /** What the server offers now. */
  definitions: ServerDefinitions;
  /** What its providers said of resources, in order (`ServerChanges`, which is handed over with the providers). */
  updatedResources: readonly string[];
  callTool(name: string, toolArguments?: Record<string, unknown>, call?: TestCall): Promise<TestAnswer>;
  readResource(uri: string, call?: TestCall): Promise<TestAnswer>;
  getPrompt(name: string, promptArguments?: Record<string, unknown>, call?: TestCall): Promise<TestAnswer>;
  /** `reference` is a prompt's name or a URI template. */
  complete(reference: string, argument: string, typed: string, call?: TestCall): Promise<TestAnswer>;
  /** Any method, for requests that the others cannot express. */
  call(method: string, name: string, call?: TestCall): Promise<TestAnswer>;
}

/**
 * Makes a server for tests of tools from instances of their providers. States of rounds are sealed with keys of its own.
 * @throws StartError for the mistakes that stop a worker's start
 */
export function createTestServer(
  identity: ServerIdentity,
  providers: object[],
  logger: Logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' }),
): TestServer {
  const server = prepareServer(identity, providers);
  const updatedResources: string[] = [];
  server.changes.follow({ resourceUpdated: (uri) => updatedResources.push(uri), offersChanged: () => {} });
  const handle = createCallHandler(server, { logger, stateKeys: new StateKeys([randomBytes(32)]) });
  const guard = new SingleUseGuard(server);
  const send: TestServer['call'] = async (
    method,
    name,
    { params, meta, principal, signal, answers = {}, followsTasks } = {},
  ) => {
    const task = followsTasks ? new FollowedTask(answers) : undefined;
    const notifications: TestAnswer['notifications'] = [];
    const id = randomUUID();
    const { body, ...frame } =
      guard.refuse(method, name, id, params?.requestState) ??
      (await handle({
        callId: id,
        tenant: 'default',
        server: identity.server,
        digest: 'test',
        method,
        name,
        principal: { ...testPrincipal, ...principal },
        deadlineMs: Date.now() + 60_000,
        body: encodeRequest(id, method, { ...params, _meta: { ...requiredMeta, ...meta } }),
        signal: signal ?? new AbortController().signal,
        ...(task && { task: task.offer }),
        notify: (bytes) => notifications.push(decode(bytes) as TestAnswer['notifications'][number]),
      }));
    const answer = decode(body) as { id: string; result?: TestAnswer['result']; error?: TestAnswer['error'] };
    if (answer.id !== id) throw new Error(`the answer is for ${answer.id}, not for ${id}`);
    return {
      result: answer.result ?? {},
      ...(answer.error && { error: answer.error }),
      notifications,
      frame,
      asked: [],
      ...(task && frame.resultType === 'task' && { task }),
    };
  };
  const call: TestServer['call'] = async (method, name, options = {}) => {
    const { answers, meta, params, ...rest } = options;
    if (!answers) return send(method, name, options);
    const able = { [MetaKey.clientCapabilities]: allCapabilities, ...meta };
    const { answer, asked } = await playRounds(answers, (more) =>
      send(method, name, { ...rest, answers, meta: able, params: { ...params, ...more } }),
    );
    return { ...answer, asked };
  };
  return {
    definitions: server.definitions,
    updatedResources,
    call,
    callTool: (name, toolArguments, options) =>
      call(Method.toolsCall, name, withParams(options, { name, arguments: toolArguments })),
    readResource: (uri, options) => call(Method.resourcesRead, uri, withParams(options, { uri })),
    getPrompt: (name, promptArguments, options) =>
      call(Method.promptsGet, name, withParams(options, { name, arguments: promptArguments })),
    complete: (reference, argument, typed, options) => {
      const ref = server.prompts.has(reference)
        ? { type: 'ref/prompt', name: reference }
        : { type: 'ref/resource', uri: reference };
      const params = { ref, argument: { name: argument, value: typed } };
      return call(Method.complete, reference, withParams(options, params));
    },
  };
}

/** Does what a gateway does for tools with `singleUseState`. */
class SingleUseGuard {
  readonly #server: PreparedServer;
  readonly #used = new Set<string>();

  constructor(server: PreparedServer) {
    this.#server = server;
  }

  refuse(method: string, name: string, id: string, requestState: unknown): FinalFrame | undefined {
    if (method !== Method.toolsCall || !this.#server.tools.get(name)?.singleUseState) return undefined;
    if (typeof requestState !== 'string') return undefined;
    if (!this.#used.has(requestState)) {
      this.#used.add(requestState);
      return undefined;
    }
    const refusal = invalidParams('requestState has been used');
    return { kind: 'error', errorCode: refusal.code, body: encodeErrorResponse(id, refusal) };
  }
}

const allCapabilities = { elicitation: { form: {}, url: {} }, sampling: { tools: {}, context: {} }, roots: {} };
const requiredMeta = { [MetaKey.protocolVersion]: modernVersion, [MetaKey.clientCapabilities]: {} };

const testPrincipal: Principal = {
  tenant: 'default',
  issuer: 'https://issuer.test',
  accountId: 'test-account',
  oauthClientId: 'test-client',
  scopes: ['mcp'],
  roles: [],
  tokenId: 'test-token',
  expiresAt: 4_102_444_800,
};

function withParams(call: TestCall | undefined, params: Record<string, unknown>): TestCall {
  return { ...call, params: { ...params, ...call?.params } };
}

function encodeRequest(id: string, method: string, params: Record<string, unknown>): Uint8Array {
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
}

function decode(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}
