import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CallContext, ReadContext } from '../context.ts';
import type { PromptOptions, ResourceOptions, ToolOptions } from '../declarations.ts';
import type { NoArguments, PromptReturn, ResourceReturn, ToolReturn } from '../decorators.ts';
import { preparePrompt } from '../prompts/prepare-prompt.ts';
import { prepareResource } from '../resources/prepare-resource.ts';
import type { Handler, OfferedMethod, PreparedServer } from '../server/prepared-server.ts';
import { prepareTool } from '../tools/prepare-tool.ts';

type OrPromise<Value> = Value | Promise<Value>;
type Named<Options> = Options & { name: string };

/** Who passes changes on: the worker that runs the server. */
interface ChangesFollower {
  resourceUpdated(uri: string): void;
  /** The server offers more or less than before. */
  offersChanged(): void;
}

/**
 * What a running server says about itself: a resource has other contents, there is a tool more or less. Clients that
 * listen hear of it within a second, at whatever gateway they are. Every server has one, a provider injects it.
 *
 * All copies of a worker offer the same, or only those with the newest set get calls: make changes of tools, prompts and
 * resources from what all of them see, such as a row in a database, and not within one call.
 */
export class ServerChanges {
  #server: PreparedServer | undefined;
  /** What was added before there was a server, as in the constructor of a provider. */
  #beforeStart: ((server: PreparedServer) => void)[] = [];
  #follower: ChangesFollower | undefined;

  /**
   * Tells clients that listen to this resource to read it again. Say it after the change can be read, by whatever cause,
   * from any copy: once is enough. It is advice and may be lost with the process. Bursts are told together.
   */
  resourceUpdated(uri: string): void {
    this.#follower?.resourceUpdated(uri);
  }

  /** @throws StartError for a mistake in the declaration, or a name that is taken */
  addTool<Input extends StandardSchemaV1 = NoArguments, Output extends StandardSchemaV1 | undefined = undefined>(
    options: Named<ToolOptions<Input, Output>>,
    handle: (input: StandardSchemaV1.InferOutput<Input>, context: CallContext) => OrPromise<ToolReturn<Output>>,
  ): void {
    const method = offered(options.name, 'tool', handle);
    this.#add((server) => prepareTool(server, options, method));
  }

  /** @throws StartError for a mistake in the declaration, or a name that is taken */
  addPrompt<Arguments extends StandardSchemaV1 = NoArguments>(
    options: Named<PromptOptions<Arguments>>,
    handle: (promptArguments: StandardSchemaV1.InferOutput<Arguments>, context: CallContext) => OrPromise<PromptReturn>,
  ): void {
    const method = offered(options.name, 'prompt', handle);
    this.#add((server) => preparePrompt(server, options, method));
  }

  /** @throws StartError for a mistake in the declaration, or a URI that is taken */
  addResource(options: Named<ResourceOptions>, handle: (context: ReadContext) => OrPromise<ResourceReturn>): void {
    const method = offered(options.name, 'resource', handle);
    this.#add((server) => prepareResource(server, options, method));
  }

  /** Calls that are in flight go on. False when there is no such tool. */
  removeTool(name: string): boolean {
    return this.#remove((server) => {
      server.definitions.tools = server.definitions.tools.filter((tool) => tool.name !== name);
      return server.tools.delete(name);
    });
  }

  /** False when there is no such prompt. */
  removePrompt(name: string): boolean {
    return this.#remove((server) => {
      server.definitions.prompts = server.definitions.prompts.filter((prompt) => prompt.name !== name);
      return server.prompts.delete(name);
    });
  }

  /** False when no resource with this URI is listed. */
  removeResource(uri: string): boolean {
    return this.#remove((server) => {
      server.definitions.resources = server.definitions.resources.filter((resource) => resource.uri !== uri);
      return server.resources.delete(uri);
    });
  }

  /** For the worker itself: the server that this is about. */
  attach(server: PreparedServer): void {
    this.#server = server;
    for (const add of this.#beforeStart.splice(0)) add(server);
  }

  /** For the worker itself: who hears of changes from now on. */
  follow(follower: ChangesFollower): void {
    this.#follower = follower;
  }

  #add(add: (server: PreparedServer) => void): void {
    if (!this.#server) {
      this.#beforeStart.push(add);
      return;
    }
    add(this.#server);
    this.#follower?.offersChanged();
  }

  #remove(remove: (server: PreparedServer) => boolean): boolean {
    const removed = this.#server !== undefined && remove(this.#server);
    if (removed) this.#follower?.offersChanged();
    return removed;
  }
}

function offered(name: string, kind: string, handle: (...parameters: never[]) => unknown): OfferedMethod {
  return { handle: handle as Handler<unknown[]>, methodName: name, where: `The added ${kind} "${name}"` };
}
