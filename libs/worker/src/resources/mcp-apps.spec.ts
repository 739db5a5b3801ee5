import { MetaKey } from '@gatehouse/protocol';
import { describe, expect, it } from 'vitest';
import type { CallContext } from '../context.ts';
import { Resource, Tool } from '../decorators.ts';
import { createTestServer } from '../testing/test-server.ts';

const uri = 'ui://boards/board.html';
const mimeType = 'text/html;profile=mcp-app';
const ui = { csp: { connectDomains: ['https://api.example.com'] } };
const uiExtension = 'io.modelcontextprotocol/ui';

class Boards {
  @Tool({ description: 'Shows the board.', _meta: { ui: { resourceUri: uri } } })
  show(_none: Record<string, never>, { clientCapabilities }: CallContext) {
    return clientCapabilities.extensions?.[uiExtension] ? 'see the board' : 'todo: 1, done: 2';
  }

  @Resource({ uri, description: 'The board.', mimeType, _meta: { ui } })
  board() {
    return { text: '<!doctype html>', _meta: { ui } };
  }
}

describe('an MCP App of a worker', () => {
  const server = createTestServer({ server: 'boards', version: '1.0.0' }, [new Boards()]);

  it('announces what its tools and views say of themselves, unchanged', () => {
    expect(server.definitions.tools[0]).toMatchObject({ _meta: { ui: { resourceUri: uri } } });
    expect(server.definitions.resources[0]).toMatchObject({ uri, mimeType, _meta: { ui } });
    expect(server.definitions.uriPrefixes).toEqual([uri]);
  });

  it('reads a view with its media type and its own metadata', async () => {
    const { result } = await server.readResource(uri);
    expect(result.contents).toEqual([{ uri, mimeType, text: '<!doctype html>', _meta: { ui } }]);
  });

  it('answers by what the client can show', async () => {
    const meta = { [MetaKey.clientCapabilities]: { extensions: { [uiExtension]: { mimeTypes: [mimeType] } } } };
    const withViews = await server.callTool('show', {}, { meta });
    expect(withViews.result).toMatchObject({ content: [{ text: 'see the board' }] });
    expect((await server.callTool('show')).result).toMatchObject({ content: [{ text: 'todo: 1, done: 2' }] });
  });
});
