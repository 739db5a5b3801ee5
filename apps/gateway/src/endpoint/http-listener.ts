import { createServer, STATUS_CODES } from 'node:http';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CallClient } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import { drainServer, listen } from '@gatehouse/runtime';
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { publicUrlOf } from '../config.ts';
import type { GatewaySettings } from '../config.ts';
import { LOGGER, SETTINGS } from '../injection-tokens.ts';
import { countRefusal } from '../telemetry/refusals.ts';
import { logListening } from './events.ts';
import { McpEndpoint } from './mcp-endpoint.ts';
import { Pipeline } from './pipeline.ts';

/** What is left of `SHUTDOWN_TIMEOUT_MS` for telling callers that nobody waits for their calls any more. */
const lastWordsMs = 3_000;

/** The public port: one node:http server with the limits that its defaults lack (docs/decisions/0003). */
@Injectable()
export class HttpListener implements BeforeApplicationShutdown {
  readonly #settings: GatewaySettings;
  readonly #logger: Logger;
  readonly #calls: CallClient;
  readonly #server: Server;
  readonly #pipeline = new Pipeline();
  #port = 0;

  constructor(
    @Inject(SETTINGS) settings: GatewaySettings,
    @Inject(LOGGER) logger: Logger,
    @Inject(CallClient) calls: CallClient,
    endpoint: McpEndpoint,
  ) {
    this.#settings = settings;
    this.#calls = calls;
    this.#logger = logger;
    this.#server = createServer(
      {
        headersTimeout: 10_000,
        requestTimeout: 30_000,
        connectionsCheckingInterval: 1_000,
        // Longer than the idle time of common load balancers, so that they and not we end idle connections.
        keepAliveTimeout: 75_000,
        maxHeaderSize: 16 * 1024,
      },
      (request, response) => {
        // A client that hears of the end now does not send its next request into a connection that is being closed.
        if (!this.#server.listening) response.shouldKeepAlive = false;
        this.#pipeline.take(request, response, () => void endpoint.handle(request, response));
      },
    );
    // For a peer that neither reads nor sends: every answer that lasts has a heartbeat well before this.
    this.#server.setTimeout(60_000);
    this.#server.on('clientError', answerUnreadable);
  }

  get port(): number {
    return this.#port;
  }

  /** @throws StartError when the port cannot be bound */
  async start(): Promise<void> {
    const { HOST: host, GATEWAY_PORT: port } = this.#settings;
    this.#port = await listen(this.#server, { host, port, portSetting: 'GATEWAY_PORT' });
    logListening(this.#logger, { url: `${publicUrlOf(this.#settings)}/mcp`, host, port: this.#port });
  }

  /**
   * Stops accepting, and resolves when the last answer is out: calls in flight are finished. Those that would outlast the
   * process end in a typed way shortly before it does.
   */
  async beforeApplicationShutdown(): Promise<void> {
    if (!this.#server.listening) return;
    const remainingMs = Math.max(0, this.#settings.SHUTDOWN_TIMEOUT_MS - lastWordsMs);
    const lastCalls = setTimeout(() => void this.#calls.close(), remainingMs);
    await drainServer(this.#server);
    clearTimeout(lastCalls);
  }
}

const statusOfParserError: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** What node:http cannot read, or waited for in vain, gets a status and the end of the connection. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statusOfParserError[error.code ?? ''] ?? 400;
  countRefusal(status);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
