import { findSchemaFault } from '@gatehouse/protocol';
import type { ServerDefinitions } from '@gatehouse/protocol';
import { StartError } from '@gatehouse/runtime';
import { z } from 'zod';
import { maxEntryBytes } from './catalog-bucket.ts';
import { definitionsDigest } from './definitions-digest.ts';
import { maxTaskTtlMs } from './tasks/task-stream.ts';

/**
 * What the catalog accepts. Definitions come from workers and are untrusted: shapes, sizes and schemas are checked here,
 * fields that nobody here reads are relayed as they are. Patterns are relayed too; nobody here compiles one.
 */
const maxItems = 1_000;

/** What an entry of the catalog says beside the definitions. */
const envelopeBytes = 1_024;

const text = (maxLength: number) => z.string().max(maxLength);
const name = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, 'must be 1 to 128 characters without control characters');
const uri = z
  .string()
  .max(2_048)
  .regex(/^[a-z][a-z0-9+.-]*:[^\p{Cc}\s]*$/iu, 'must be a URI with a scheme');
const described = { name, title: text(256).optional(), description: text(16_384).optional() };
const jsonObject = z.record(z.string(), z.unknown());

const tool = z.looseObject({
  ...described,
  inputSchema: jsonObject,
  outputSchema: jsonObject.optional(),
  annotations: z
    .looseObject({
      readOnlyHint: z.boolean().optional(),
      destructiveHint: z.boolean().optional(),
      idempotentHint: z.boolean().optional(),
      openWorldHint: z.boolean().optional(),
    })
    .optional(),
  gatehouse: z
    .looseObject({
      timeoutMs: z.number().int().min(1).max(86_400_000).optional(),
      scopes: z
        .array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/, 'must be a scope token (RFC 6749 §3.3)'))
        .max(16)
        .optional(),
      requiresClientCapabilities: jsonObject.optional(),
      singleUseState: z.boolean().optional(),
      task: z.enum(['optional', 'required']).optional(),
      taskTtlMs: z.number().int().min(1_000).max(maxTaskTtlMs).optional(),
    })
    .optional(),
});

const serverDefinitions = z.looseObject({
  server: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$/, 'must be 1 to 24 of a-z, 0-9 and inner hyphens'),
  title: text(256).optional(),
  version: text(64),
  description: text(16_384).optional(),
  instructions: text(65_536).optional(),
  completions: z.boolean(),
  logging: z.boolean(),
  uriPrefixes: z.array(uri).max(maxItems),
  tools: z.array(tool).max(maxItems),
  resources: z.array(z.looseObject({ ...described, uri })).max(maxItems),
  resourceTemplates: z.array(z.looseObject({ ...described, uriTemplate: uri })).max(maxItems),
  prompts: z
    .array(
      z.looseObject({
        ...described,
        arguments: z
          .array(z.looseObject({ name, required: z.boolean().optional() }))
          .max(100)
          .optional(),
      }),
    )
    .max(maxItems),
});

/**
 * Checks a set of definitions as the catalog does.
 * @throws StartError in one sentence that names every fault.
 */
export function parseServerDefinitions(value: unknown): ServerDefinitions {
  const faults = findFaults(value);
  if (faults.length === 0) return value as ServerDefinitions;
  const server = (value as Partial<ServerDefinitions> | null)?.server ?? 'without a name';
  throw new StartError(`The definitions of server ${server} cannot be announced - ${faults.join('; ')}.`);
}

/** What is wrong with a set of definitions, one sentence each; empty when the catalog accepts it. */
export function findFaults(value: unknown): string[] {
  const parsed = serverDefinitions.safeParse(value);
  if (!parsed.success) {
    return parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
  }
  const definitions = value as ServerDefinitions;
  return [
    ...repeated(
      'tool',
      definitions.tools.map((tool) => tool.name),
    ),
    ...repeated(
      'prompt',
      definitions.prompts.map((prompt) => prompt.name),
    ),
    ...repeated(
      'resource',
      definitions.resources.map((resource) => resource.uri),
    ),
    ...repeated(
      'resource template',
      definitions.resourceTemplates.map((template) => template.uriTemplate),
    ),
    ...foreignScopes(definitions),
    ...contentFaults(definitions),
  ];
}

/** Schemas are looked at only once it is known that nothing is too deep to be walked. */
function contentFaults(definitions: ServerDefinitions): string[] {
  const faults = sizeFaults(definitions);
  return faults.length === 0 ? schemaFaults(definitions) : faults;
}

function schemaFaults({ tools }: ServerDefinitions): string[] {
  return tools.flatMap(({ name: tool, inputSchema, outputSchema }) =>
    Object.entries({ inputSchema, outputSchema }).flatMap(([field, schema]) => {
      const fault = schema && findSchemaFault(schema);
      return fault === undefined ? [] : [`${field} of tool ${tool} ${fault}`];
    }),
  );
}

function repeated(kind: string, names: string[]): string[] {
  return names.filter((item, place) => names.indexOf(item) !== place).map((item) => `${kind} ${item} is there twice`);
}

function sizeFaults(definitions: ServerDefinitions): string[] {
  try {
    definitionsDigest(definitions);
  } catch (error) {
    return [(error as RangeError).message];
  }
  const fits = Buffer.byteLength(JSON.stringify(definitions)) <= maxEntryBytes - envelopeBytes;
  return fits ? [] : [`all definitions together exceed ${maxEntryBytes - envelopeBytes} bytes`];
}

/** Design §7: a worker may only name scopes of its own server. */
function foreignScopes({ server, tools }: ServerDefinitions): string[] {
  return tools.flatMap((definition) =>
    (definition.gatehouse?.scopes ?? [])
      .filter((scope) => !new RegExp(`^${server}:.`).test(scope))
      .map((scope) => `tool ${definition.name} needs scope ${scope}, which does not begin with ${server}:`),
  );
}
