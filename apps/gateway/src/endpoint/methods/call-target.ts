import { checkParamHeaders, invalidParams, isObject, Method, readParamHeaders } from '@gatehouse/protocol';
import type {
  ParamHeader,
  Params,
  RequiredClientCapabilities,
  ToolDefinition,
  ToolDispatch,
} from '@gatehouse/protocol';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Resolution } from '../../catalog/resolution.ts';
import { scopesOfReading, scopesOfTool } from '../../policy/required-scopes.ts';
import { tasksCapability } from '../../tasks/tasks-extension.ts';
import type { McpRequest } from '../mcp-request.ts';

const defaultTimeoutMs = 60_000;

/** What a definition asks of a call, read from it once. */
interface CallTerms {
  scopes: readonly string[];
  /** Longest wait without progress. */
  timeoutMs: number;
  /** True when a lost call may run a second time without harm. */
  replayable: boolean;
  requiredCapabilities: RequiredClientCapabilities | undefined;
  /** Whether the call may or must be able to become a task. */
  task: 'optional' | 'required' | undefined;
  taskTtlMs: number | undefined;
  /** True when each `requestState` may reach the worker once. */
  singleUseState: boolean;
  paramHeaders: readonly ParamHeader[];
}

/** What a request that a worker answers is about. */
export interface CallTarget extends CallTerms {
  server: string;
  digest: string;
  /** Unprefixed name or URI, for the worker. */
  name: string;
  /** Name of the definition, for the record; never a URI, for URIs are arguments. */
  definitionName: string | undefined;
}

const toolTerms = new WeakMap<ToolDefinition, CallTerms>();

function termsOfTool(server: string, tool: ToolDefinition): CallTerms {
  const known = toolTerms.get(tool);
  if (known !== undefined) return known;
  const { gatehouse, annotations, inputSchema } = tool;
  const singleUseState = gatehouse?.singleUseState === true;
  const paramHeaders = readParamHeaders(inputSchema);
  const terms = {
    scopes: scopesOfTool(server, tool),
    timeoutMs: gatehouse?.timeoutMs ?? defaultTimeoutMs,
    replayable: !singleUseState && (annotations?.readOnlyHint === true || annotations?.idempotentHint === true),
    requiredCapabilities: requiredCapabilities(gatehouse),
    task: gatehouse?.task,
    taskTtlMs: gatehouse?.taskTtlMs,
    singleUseState,
    // An invalid annotation binds nobody: clients have to reject the whole tool (§Schema Extension).
    paramHeaders: paramHeaders.valid ? paramHeaders.headers : [],
  };
  toolTerms.set(tool, terms);
  return terms;
}

/** MCP Tasks extension §Capability Negotiation: a tool that must be able to become a task needs a client that knows them. */
function requiredCapabilities(dispatch: ToolDispatch | undefined): RequiredClientCapabilities | undefined {
  const required = dispatch?.requiresClientCapabilities;
  if (dispatch?.task !== 'required') return required;
  return { ...required, extensions: { ...required?.extensions, ...tasksCapability.extensions } };
}

function termsOfReading(server: string): CallTerms {
  return {
    scopes: scopesOfReading(server),
    timeoutMs: defaultTimeoutMs,
    replayable: true,
    requiredCapabilities: undefined,
    task: undefined,
    taskTtlMs: undefined,
    singleUseState: false,
    paramHeaders: [],
  };
}

/**
 * Finds what a request names.
 * @throws JsonRpcError -32602 for parameters that name nothing; -32020 for parameter headers that disagree
 */
export function findTarget(catalog: Catalog, request: McpRequest): CallTarget {
  const { method, params } = request.message;
  if (method === Method.toolsCall) return findTool(catalog, request, params);
  if (method === Method.promptsGet) return findPrompt(catalog, request, params.name);
  if (method === Method.resourcesRead) return findResource(catalog, request, params.uri);
  return findCompletion(catalog, request, params);
}

function findTool(catalog: Catalog, request: McpRequest, params: Params): CallTarget {
  const { name, arguments: args } = params;
  if (args !== undefined && !isObject(args)) throw invalidParams('arguments must be an object');
  const found =
    typeof name === 'string' ? catalog.resolveTool(request.principal.tenant, request.endpoint, name) : undefined;
  if (found === undefined) throw invalidParams(`Unknown tool: ${quoted(name)}`);
  const terms = termsOfTool(found.server, found.definition);
  if (request.paramHeaders !== undefined && terms.paramHeaders.length > 0)
    checkParamHeaders(terms.paramHeaders, request.paramHeaders, args);
  return targetOf(found, terms, found.definition.name);
}

function findPrompt(catalog: Catalog, request: McpRequest, name: unknown): CallTarget {
  const found =
    typeof name === 'string' ? catalog.resolvePrompt(request.principal.tenant, request.endpoint, name) : undefined;
  if (found === undefined) throw invalidParams(`Unknown prompt: ${quoted(name)}`);
  return targetOf(found, termsOfReading(found.server), found.definition.name);
}

function findResource(catalog: Catalog, request: McpRequest, uri: unknown): CallTarget {
  const found =
    typeof uri === 'string' ? catalog.resolveResource(request.principal.tenant, request.endpoint, uri) : undefined;
  // MCP 2026-07-28 Resources §Error Handling.
  if (found === undefined) throw invalidParams('Resource not found', { uri });
  return targetOf(found, termsOfReading(found.server), found.definition?.name);
}

function findCompletion(catalog: Catalog, request: McpRequest, params: Params): CallTarget {
  const { ref } = params;
  if (isObject(ref) && ref.type === 'ref/prompt') return findPrompt(catalog, request, ref.name);
  if (isObject(ref) && ref.type === 'ref/resource') return findResource(catalog, request, ref.uri);
  throw invalidParams('ref must be a ref/prompt or a ref/resource');
}

function targetOf(found: Resolution<unknown>, terms: CallTerms, definitionName: string | undefined): CallTarget {
  const { server, digest, name } = found;
  const { scopes, timeoutMs, replayable, requiredCapabilities, task, taskTtlMs, singleUseState, paramHeaders } = terms;
  const asked = { scopes, timeoutMs, replayable, requiredCapabilities, task, taskTtlMs, singleUseState, paramHeaders };
  return { server, digest, name, definitionName, ...asked };
}

function quoted(name: unknown): string {
  return typeof name === 'string' ? name.slice(0, 128) : 'a name must be a string';
}
