import type { Translation } from './forwarding-proxy.ts';

const namedMethods = new Set(['tools/call', 'prompts/get']);

interface NamedRequest {
  method?: unknown;
  params?: { name?: unknown; ref?: { type?: unknown; name?: unknown } };
}

interface ListAnswer {
  result?: { tools?: { name: string }[]; prompts?: { name: string }[] };
}

/**
 * Lets the suite, which knows the fixture's own names, speak to the aggregated endpoint, where they are prefixed:
 * `name` becomes `<server>__name` in requests and loses the prefix in lists.
 */
export function aggregateNames(server: string): Translation {
  const prefix = `${server}__`;
  return {
    request(body, rawHeaders) {
      const call: NamedRequest | undefined = parseObject(body);
      if (call === undefined) return { body, rawHeaders };
      const named = typeof call.method === 'string' && namedMethods.has(call.method);
      if (named && typeof call.params?.name === 'string') call.params.name = prefix + call.params.name;
      const reference = call.params?.ref;
      if (reference?.type === 'ref/prompt' && typeof reference.name === 'string') {
        reference.name = prefix + reference.name;
      }
      return {
        body: Buffer.from(JSON.stringify(call)),
        rawHeaders: named ? prefixHeader(rawHeaders, 'mcp-name', prefix) : rawHeaders,
      };
    },
    answer(body) {
      const answer: ListAnswer | undefined = parseObject(body);
      if (answer === undefined) return body;
      for (const definition of [...(answer.result?.tools ?? []), ...(answer.result?.prompts ?? [])]) {
        if (definition.name.startsWith(prefix)) definition.name = definition.name.slice(prefix.length);
      }
      return Buffer.from(JSON.stringify(answer));
    },
  };
}

function prefixHeader(rawHeaders: string[], name: string, prefix: string): string[] {
  return rawHeaders.map((value, index) =>
    index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name ? prefix + value : value,
  );
}

function parseObject(body: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // What is no JSON-RPC is passed on as it is: refusing it is the gateway's part.
    return undefined;
  }
}
