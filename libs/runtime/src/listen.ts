import type { AddressInfo, Server } from 'node:net';
import { StartError } from './start-error.ts';

/**
 * Connections that may wait to be accepted, as many as Linux allows. With node's 511 a thousand clients that come back at
 * once overflow the queue, and whoever is dropped from it tries again after 1, 3 and 7 seconds.
 */
const backlog = 4_096;

/** Where to bind, and the settings that say so. */
export interface ListenOptions {
  host: string;
  port: number;
  /** `HOST` by default. */
  hostSetting?: string;
  portSetting: string;
}

/**
 * Binds a server and returns its port.
 * @throws StartError with one sentence when the port is taken or forbidden.
 */
export function listen(server: Server, options: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => reject(explainBindFailure(cause, options));
    server.once('error', onError);
    server.listen({ port: options.port, host: options.host, backlog }, () => {
      server.off('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Translates a failed bind into one sentence for the operator; other errors come back as they are. */
function explainBindFailure(
  cause: NodeJS.ErrnoException,
  { host, port, hostSetting = 'HOST', portSetting }: ListenOptions,
): Error {
  if (cause.code === 'EADDRINUSE') {
    return new StartError(
      `Port ${port} is in use: stop the program that listens there, or set ${portSetting} to a free port.`,
      { cause },
    );
  }
  if (cause.code === 'EACCES') {
    return new StartError(`Port ${port} may not be bound by this user: set ${portSetting} to a port above 1023.`, {
      cause,
    });
  }
  if (cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND') {
    return new StartError(
      `${hostSetting} is ${host}, which is not an address of this machine: set ${hostSetting} to one that is, or to 127.0.0.1.`,
      { cause },
    );
  }
  return cause;
}
