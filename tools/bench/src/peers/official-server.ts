import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { listedToolDescription, listedToolInput, listedToolName } from '../decorated/listed-tools.ts';

/**
 * A peer: a server as the official SDK's guide builds it, at 2026-07-28, without authentication and without a second
 * process. Its defaults answer with JSON and are its fastest settings. `LISTED_TOOLS` asks for the server of the lists.
 */
const inputSchema = z.object({ text: z.string() });
const listedTools = Number(process.env.LISTED_TOOLS ?? 0);

function createBenchServer(): McpServer {
  const mcpServer = new McpServer({ name: 'bench', version: '1.0.0' });
  if (listedTools === 0) {
    mcpServer.registerTool('echo', { description: 'Says the text again.', inputSchema }, ({ text }) => ({
      content: [{ type: 'text', text }],
    }));
  }
  for (let n = 1; n <= listedTools; n++) {
    const tool = { description: listedToolDescription, inputSchema: listedToolInput };
    mcpServer.registerTool(listedToolName(n), tool, () => ({ content: [{ type: 'text', text: 'nothing' }] }));
  }
  return mcpServer;
}

// The adapter's own type of a request is narrower than node:http's under exactOptionalPropertyTypes.
const handle = toNodeHandler(createMcpHandler(createBenchServer)) as RequestListener;
const server = createServer(handle);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
