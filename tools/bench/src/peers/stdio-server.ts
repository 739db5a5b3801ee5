import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

/** What `mcp-proxy` is put in front of: the same tool on the official SDK, over standard input and output. */
const mcpServer = new McpServer({ name: 'bench', version: '1.0.0' });
mcpServer.registerTool(
  'echo',
  { description: 'Says the text again.', inputSchema: z.object({ text: z.string() }) },
  ({ text }) => ({ content: [{ type: 'text', text }] }),
);
await mcpServer.connect(new StdioServerTransport());
