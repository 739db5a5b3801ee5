import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

let test: TestGateway;
let token: string;
const identity = { name: 'official', version: '1.0.0' };

beforeAll(async () => {
  test = await startTestGateway();
  token = await test.token();
});
afterAll(() => test.stop());

const transportOptions = () => ({ requestInit: { headers: { authorization: `Bearer ${token}` } } });

async function connectModern(mode: 'auto' | { pin: '2026-07-28' }): Promise<ModernClient> {
  const client = new ModernClient(identity, { versionNegotiation: { mode } });
  await client.connect(new ModernTransport(new URL(`${test.url}/mcp`), transportOptions()));
  return client;
}

describe.each<['auto' | { pin: '2026-07-28' }]>([['auto'], [{ pin: '2026-07-28' }]])(
  '@modelcontextprotocol/client 2.4.0, unmodified, negotiating %j',
  (mode) => {
    it('discovers, lists, calls, reads, prompts and completes at 2026-07-28', async () => {
      const client = await connectModern(mode);
      const name = (tool: string) => `${test.server}__${tool}`;
      expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
      expect((await client.listTools()).tools.map((tool) => tool.name)).toContain(name('echo'));
      expect(await client.callTool({ name: name('echo'), arguments: { text: 'hi' } })).toMatchObject({
        content: [{ text: 'echo: hi' }],
      });
      expect(await client.callTool({ name: name('fail'), arguments: {} })).toMatchObject({ isError: true });
      expect(await client.callTool({ name: name('routed'), arguments: { region: 'eu-ä' } })).toMatchObject({
        content: [{}],
      });
      expect(await client.readResource({ uri: `${test.server}://readme` })).toMatchObject({
        contents: [{ text: 'contents' }],
      });
      expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(1);
      expect(await client.getPrompt({ name: name('greet'), arguments: { who: 'you' } })).toMatchObject({
        messages: [{}],
      });
      await expect(client.callTool({ name: 'unknown', arguments: {} })).rejects.toMatchObject({ code: -32602 });
      const progress: number[] = [];
      await client.callTool(
        { name: name('report'), arguments: {} },
        { onprogress: (event) => progress.push(event.progress) },
      );
      expect(progress).toEqual([1, 2, 3]);
      await client.close();
    });
  },
);

describe('@modelcontextprotocol/sdk 1.32.2, unmodified', () => {
  it('initializes, lists, calls, reads, prompts and completes at 2025-11-25', async () => {
    const client = new Client(identity);
    const transport = new StreamableHTTPClientTransport(new URL(`${test.url}/mcp`), transportOptions());
    await client.connect(transport);
    const name = (tool: string) => `${test.server}__${tool}`;
    expect(transport.protocolVersion).toBe('2025-11-25');
    await client.ping();
    expect((await client.listTools()).tools.map((tool) => tool.name)).toContain(name('echo'));
    expect(await client.callTool({ name: name('echo'), arguments: { text: 'hi' } })).toMatchObject({
      content: [{ text: 'echo: hi' }],
    });
    expect(await client.callTool({ name: name('list'), arguments: {} })).toMatchObject({
      content: [{ text: '[1,2]' }],
    });
    expect(await client.readResource({ uri: `${test.server}://readme` })).toMatchObject({
      contents: [{ text: 'contents' }],
    });
    expect(await client.getPrompt({ name: name('greet'), arguments: { who: 'you' } })).toMatchObject({
      messages: [{}],
    });
    const ref = { type: 'ref/prompt' as const, name: name('greet') };
    expect(await client.complete({ ref, argument: { name: 'who', value: '' } })).toMatchObject({
      completion: { values: ['for greet'] },
    });
    await expect(client.readResource({ uri: 'nobody://here' })).rejects.toMatchObject({ code: -32002 });
    const progress: number[] = [];
    await client.callTool({ name: name('report'), arguments: {} }, undefined, {
      onprogress: (event) => progress.push(event.progress),
    });
    expect(progress).toEqual([1, 2, 3]);
    await client.close();
  });
});
