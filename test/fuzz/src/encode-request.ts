/** An honest request, whatever the names in it are. */
export interface PlainRequest {
  method: string;
  /** What `Mcp-Name` repeats. */
  name?: string;
  params: Record<string, unknown>;
  /** The server's endpoint; that of the ledger when absent. */
  server?: string;
  /** Another access token than the usual one. */
  credential?: string;
}

/** The bytes of a request of revision 2026-07-28. */
export function encodeRequest(
  { method, name, params, server, credential }: PlainRequest,
  { port, accessToken }: { port: number; accessToken: string },
): Buffer {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }));
  const head = [
    `POST /mcp/${encodeURIComponent((server ?? 'ledger').toWellFormed())} HTTP/1.1`,
    `Host: localhost:${port}`,
    `Authorization: Bearer ${credential ?? accessToken}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'MCP-Protocol-Version: 2026-07-28',
    `Mcp-Method: ${method}`,
    ...(name === undefined ? [] : [`Mcp-Name: ${encodeName(name)}`]),
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

/** MCP 2026-07-28 Streamable HTTP §Value Encoding. */
export function encodeName(name: string): string {
  return /^[\x21-\x7e]+$/.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`;
}
