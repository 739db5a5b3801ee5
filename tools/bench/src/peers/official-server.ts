import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

/**
 * The peer: a server as the official SDK's guide builds it, at 2026-07-28, without authentication and without a second
 * process. Its defaults answer with JSON and are its fastest settings.
 */
const inputSchema = z.object({ text: z.string() });

function createEchoServer(): McpServer {
  const mcpServer = new McpServer({ name: 'bench', version: '1.0.0' });
  mcpServer.registerTool('echo', { description: 'Says the text again.', inputSchema }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }));
  return mcpServer;
}

// The adapter's own type of a request is narrower than node:http's under exactOptionalPropertyTypes.
const handle = toNodeHandler(createMcpHandler(createEchoServer)) as RequestListener;
const server = createServer(handle);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
