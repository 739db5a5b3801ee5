import fc from 'fast-check';
import { anyJson, anyText, toObject } from './json-text.ts';

const version = '2026-07-28';

/** What the headers of a request repeat of its body. */
export interface FuzzMessage {
  message: unknown;
  method: string;
  name: string | undefined;
}

const methods = [
  'tools/call',
  'tools/list',
  'resources/read',
  'resources/list',
  'resources/templates/list',
  'prompts/get',
  'prompts/list',
  'completion/complete',
  'server/discover',
  'subscriptions/listen',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
  'tasks/list',
  'ping',
  'initialize',
  'logging/setLevel',
  'notifications/initialized',
  'notifications/cancelled',
];

/** Tools of the ledger server that answer at once and do no harm. */
const tools = ['append', 'append_replayable', 'append_brief', 'take', 'answer', 'nothing'];
const key = fc.integer({ min: 0, max: 2 ** 31 }).map((number) => `fuzz-${number}`);

/** The parameter that a method's header repeats, and one that makes sense. */
const nameOf: Record<string, fc.Arbitrary<[field: string, value: string]>> = {
  'tools/call': fc.constantFrom(...tools).map((tool) => ['name', tool]),
  'prompts/get': anyText.map((name) => ['name', name]),
  'resources/read': fc.oneof(fc.constant('ledger://state'), anyText).map((uri) => ['uri', uri]),
  'tasks/get': anyText.map((id) => ['taskId', id]),
  'tasks/update': anyText.map((id) => ['taskId', id]),
  'tasks/cancel': anyText.map((id) => ['taskId', id]),
};

/** A result that is large is another suite's. */
const characters = fc.constantFrom<unknown>(0, 10, -1, 1.5, '10', null, [10], { valueOf: 1 });

const toolArguments = fc.oneof(
  key.map((value) => ({ key: value, padding: 'x', characters: 10 })),
  fc.tuple(key, anyJson, characters).map(([value, padding, count]) => ({ key: value, padding, characters: count })),
  anyJson,
);

const metaKeys = [
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientCapabilities',
  'io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/logLevel',
  'progressToken',
  'traceparent',
  'tracestate',
  'baggage',
];

const honestMeta = {
  'io.modelcontextprotocol/protocolVersion': version,
  'io.modelcontextprotocol/clientCapabilities': {},
};

const meta = fc.oneof(
  { weight: 4, arbitrary: fc.constant<unknown>(honestMeta) },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom(...metaKeys), anyJson), { maxLength: 3 })
      .map((entries): unknown => ({ ...honestMeta, ...toObject(entries) })),
  },
  { weight: 1, arbitrary: anyJson },
);

const otherParams = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Record<string, unknown>>({}) },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.tuple(
          fc.constantFrom(
            'cursor',
            'inputResponses',
            'requestState',
            'notifications',
            'ref',
            'argument',
            'task',
            'protocolVersion',
            'capabilities',
            'clientInfo',
            'level',
            'context',
          ),
          anyJson,
        ),
        { maxLength: 3 },
      )
      .map(toObject),
  },
);

/** Parameters by which some methods get further than their first check. */
const honestParams: Record<string, object> = {
  'subscriptions/listen': { notifications: { toolsListChanged: true, resourceSubscriptions: ['ledger://state'] } },
  'completion/complete': { ref: { type: 'ref/prompt', name: 'a' }, argument: { name: 'a', value: 'b' } },
  initialize: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'fuzz', version: '1' } },
};

const request: fc.Arbitrary<FuzzMessage> = fc.constantFrom(...methods).chain((method) =>
  fc
    .record({ named: nameOf[method] ?? fc.constant(undefined), args: toolArguments, meta, otherParams })
    .map(({ named, args, meta: _meta, otherParams: others }) => {
      const params = {
        ...honestParams[method],
        ...(named === undefined ? {} : { [named[0]]: named[1] }),
        ...(method === 'tools/call' || method === 'prompts/get' ? { arguments: args } : {}),
        ...others,
        _meta,
      };
      const id = method.startsWith('notifications/') ? {} : { id: 1 };
      return { method, name: named?.[1], message: { jsonrpc: '2.0', ...id, method, params } };
    }),
);

/** Changes of the envelope around a request. */
const mangled = fc
  .tuple(
    request,
    fc.array(fc.tuple(fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'result', 'error'), anyJson), {
      minLength: 1,
      maxLength: 2,
    }),
  )
  .map(([base, entries]): FuzzMessage => ({ ...base, message: { ...(base.message as object), ...toObject(entries) } }));

const batch = fc
  .tuple(request, fc.array(request, { maxLength: 3 }))
  .map(([first, others]): FuzzMessage => ({ ...first, message: [first, ...others].map(({ message }) => message) }));

/** Messages from honest ones to anything that is JSON. */
export const anyMessage: fc.Arbitrary<FuzzMessage> = fc.oneof(
  { weight: 8, arbitrary: request },
  { weight: 3, arbitrary: mangled },
  { weight: 1, arbitrary: batch },
  { weight: 1, arbitrary: anyJson.map((message) => ({ message, method: 'tools/list', name: undefined })) },
);
