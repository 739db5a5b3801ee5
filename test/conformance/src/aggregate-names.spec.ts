import { describe, expect, it } from 'vitest';
import { aggregateNames } from './aggregate-names.ts';

const { request, answer } = aggregateNames('conformance');

describe('aggregateNames', () => {
  it.each([
    [
      'a tool',
      { method: 'tools/call', params: { name: 'echo' } },
      { method: 'tools/call', params: { name: 'conformance__echo' } },
    ],
    [
      'a prompt',
      { method: 'prompts/get', params: { name: 'greet' } },
      { method: 'prompts/get', params: { name: 'conformance__greet' } },
    ],
    [
      'a completed prompt',
      { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'greet' } } },
      { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'conformance__greet' } } },
    ],
    [
      'no URI',
      { method: 'resources/read', params: { uri: 'test://static-text' } },
      { method: 'resources/read', params: { uri: 'test://static-text' } },
    ],
  ])('prefixes %s in requests', (_, sent, forwarded) => {
    expect(JSON.parse(request(Buffer.from(JSON.stringify(sent)), []).body.toString())).toEqual(forwarded);
  });

  it('prefixes Mcp-Name where it repeats a name, and leaves every other header as it came', () => {
    const rawHeaders = ['Host', 'localhost:1', 'MCP-NAME', 'echo'];
    const call = Buffer.from(JSON.stringify({ method: 'tools/call', params: { name: 'echo' } }));
    expect(request(call, rawHeaders).rawHeaders).toEqual(['Host', 'localhost:1', 'MCP-NAME', 'conformance__echo']);
    const read = Buffer.from(JSON.stringify({ method: 'resources/read', params: { uri: 'test://a' } }));
    expect(request(read, ['Mcp-Name', 'test://a']).rawHeaders).toEqual(['Mcp-Name', 'test://a']);
  });

  it('takes the prefix off the names of lists', () => {
    const list = { result: { tools: [{ name: 'conformance__echo' }], prompts: [{ name: 'other__greet' }] } };
    expect(JSON.parse(answer(Buffer.from(JSON.stringify(list))).toString())).toEqual({
      result: { tools: [{ name: 'echo' }], prompts: [{ name: 'other__greet' }] },
    });
  });

  it.each(['not JSON', 'null', '7'])('passes %s on as it is', (body) => {
    expect(request(Buffer.from(body), ['A', 'b'])).toEqual({ body: Buffer.from(body), rawHeaders: ['A', 'b'] });
  });
});
