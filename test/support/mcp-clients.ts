import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
  UnauthorizedError as ModernUnauthorizedError,
} from '@modelcontextprotocol/client';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthClient } from './oauth-client.ts';

/** The content of a tool's answer, as far as tests read it. */
interface ToolAnswer {
  text: string;
  isError: boolean;
}

/** One of the two official clients, unmodified, behind the few words that the tests need. */
export interface McpClient {
  /** False when the server asks for authorization; the OAuth client then knows where the browser must go. */
  connect(): Promise<boolean>;
  /** Redeems what the browser came back with; `connect` works afterwards. */
  finishAuthorization(callback: URLSearchParams): Promise<void>;
  protocolVersion(): string | undefined;
  listTools(): Promise<string[]>;
  callTool(name: string, parameters: Record<string, unknown>): Promise<ToolAnswer>;
  close(): Promise<void>;
}

/** What a client hears on one of its streams. */
interface Listening {
  /** URIs of resources that were updated, in order. */
  readonly updated: string[];
  close(): Promise<void>;
}

/** The official client of 2026-07-28, which can listen. */
export interface ListeningClient extends McpClient {
  listenTo(uris: string[]): Promise<Listening>;
}

const identity = { name: 'gatehouse-system-test', version: '1.0.0' };

/** `@modelcontextprotocol/client`, pinned to 2026-07-28. */
export function modernClient(mcpUrl: string, oauthClient: OAuthClient): ListeningClient {
  let client = new ModernClient(identity);
  let transport = new ModernTransport(new URL(mcpUrl), { authProvider: oauthClient });
  return {
    connect: async () => {
      client = new ModernClient(identity, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
      transport = new ModernTransport(new URL(mcpUrl), { authProvider: oauthClient });
      return isAuthorized(client.connect(transport), ModernUnauthorizedError);
    },
    finishAuthorization: (callback) => transport.finishAuth(callback),
    protocolVersion: () => client.getNegotiatedProtocolVersion(),
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: async (name, parameters) => readAnswer(await client.callTool({ name, arguments: parameters })),
    listenTo: async (uris) => {
      const updated: string[] = [];
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.push(params.uri));
      const subscription = await client.listen({ resourceSubscriptions: uris });
      return { updated, close: () => subscription.close() };
    },
    close: () => client.close(),
  };
}

/** `@modelcontextprotocol/sdk` 1.x, which speaks 2025-11-25. */
export function legacyClient(mcpUrl: string, oauthClient: OAuthClient): McpClient {
  let client = new Client(identity);
  let transport = new StreamableHTTPClientTransport(new URL(mcpUrl), { authProvider: oauthClient });
  return {
    connect: async () => {
      client = new Client(identity);
      transport = new StreamableHTTPClientTransport(new URL(mcpUrl), { authProvider: oauthClient });
      return isAuthorized(client.connect(transport), UnauthorizedError);
    },
    finishAuthorization: (callback) => transport.finishAuth(callback.get('code') ?? ''),
    protocolVersion: () => transport.protocolVersion,
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: async (name, parameters) => readAnswer(await client.callTool({ name, arguments: parameters })),
    close: () => client.close(),
  };
}

async function isAuthorized(connecting: Promise<void>, refusal: new () => Error): Promise<boolean> {
  try {
    await connecting;
    return true;
  } catch (error) {
    if (error instanceof refusal) return false;
    throw error;
  }
}

function readAnswer(answer: unknown): ToolAnswer {
  const { content = [], isError = false } = answer as {
    content?: { type: string; text?: string }[];
    isError?: boolean;
  };
  return { text: content.map(({ text }) => text ?? '').join('\n'), isError };
}
