// Owns the servers of one process: each is a module of its own with its author's providers. Does not own what the
// servers do, nor the process around them.
import { StartError } from '@gatehouse/runtime';
import { ServerChanges } from '../changes/server-changes.ts';
import type { DynamicModule, ModuleMetadata, Provider } from '@nestjs/common';
import { prepareServer } from '../server/prepare-server.ts';
import type { ServerIdentity } from '../server/prepare-server.ts';
import type { PreparedServer } from '../server/prepared-server.ts';
import { WorkerTransport } from './worker-transport.ts';
import type { TransportOptions } from './worker-transport.ts';

/** A server and the Nest providers that make it up: those with decorated methods, and what these inject. */
export interface ServerOptions extends ServerIdentity {
  providers: Provider[];
  /** Nest modules whose exports the providers inject. */
  imports?: NonNullable<ModuleMetadata['imports']>;
}

/**
 * Servers inside a Nest application of your own; its microservice strategy is `app.get(WorkerTransport)`. `runWorker` does
 * all of it for a process that is nothing else.
 */
export class WorkerModule {
  static forRoot(options: TransportOptions & { servers: ServerOptions[] }): DynamicModule {
    checkDistinct(options.servers);
    const parts = options.servers.map(serverModule);
    return {
      module: WorkerModule,
      imports: parts.map((part) => part.module),
      providers: [
        {
          provide: WorkerTransport,
          useFactory: (...servers: PreparedServer[]) => new WorkerTransport(servers, options),
          inject: parts.map((part) => part.token),
        },
      ],
      exports: [WorkerTransport],
    };
  }
}

function serverModule(options: ServerOptions): { module: DynamicModule; token: symbol } {
  const token = Symbol(`server ${options.server}`);
  const instances = options.providers.map((provider) => (typeof provider === 'function' ? provider : provider.provide));
  return {
    token,
    module: {
      module: class ServerModule {},
      imports: options.imports ?? [],
      providers: [
        ...options.providers,
        { provide: ServerChanges, useValue: new ServerChanges() },
        {
          provide: token,
          useFactory: (...providers: unknown[]) => prepareServer(options, providers.filter(isInstance)),
          inject: [...instances, ServerChanges],
        },
      ],
      exports: [token],
    },
  };
}

function isInstance(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function checkDistinct(servers: ServerOptions[]): void {
  const names = servers.map(({ server }) => server);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new StartError(`Two servers are named "${twice}": give each its own name.`);
}
