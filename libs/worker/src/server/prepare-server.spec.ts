import { StartError } from '@gatehouse/runtime';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ToolOptions } from '../declarations.ts';
import { Complete, Prompt, Resource, ResourceTemplate, Tool } from '../decorators.ts';
import { prepareServer } from './prepare-server.ts';

const identity = { server: 'weather', version: '1.0.0' };
const description = 'What it does.';

/** A Standard Schema library that does not convert itself to JSON Schema. */
const foreignSchema = {
  '~standard': { version: 1 as const, vendor: 'other', validate: (value: unknown) => ({ value }) },
};

class Base {
  @Tool({ description: 'Inherited.', annotations: { readOnlyHint: true } })
  inherited() {
    return 'base';
  }
}

class Tools extends Base {
  @Tool({
    name: 'current.weather',
    title: 'Current weather',
    description,
    input: z.object({ city: z.string().describe('City') }),
    output: z.object({ celsius: z.number() }),
    annotations: { readOnlyHint: true, openWorldHint: true },
    scopes: ['forecast'],
    timeoutMs: 5_000,
    requiresClientCapabilities: { sampling: {} },
  })
  current() {
    return { celsius: 1 };
  }

  @Tool({ description, input: foreignSchema, inputSchema: { type: 'object', $defs: { a: {} }, allOf: [{}] } })
  described() {
    return '';
  }
}

function withTool(options: Partial<ToolOptions>): object {
  class Mistaken {
    tool() {
      return '';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Mistaken.prototype, 'tool') as TypedPropertyDescriptor<
    () => string
  >;
  Tool({ description, ...options })(Mistaken.prototype, 'tool', descriptor as never);
  return new Mistaken();
}

class Twice {
  @Tool({ name: 'same', description })
  first() {
    return '';
  }

  @Tool({ name: 'same', description })
  second() {
    return '';
  }
}

class BadUri {
  @Resource({ uri: 'not a uri', description })
  resource() {
    return '';
  }
}

class BadTemplate {
  @ResourceTemplate({ uriTemplate: 'weather://{?query}', description })
  template() {
    return '';
  }
}

class BadTtl {
  @Resource({ uri: 'weather://today', description, ttlMs: -1 })
  resource() {
    return '';
  }
}

class CompletesNothing {
  @Prompt({ description, arguments: z.object({ city: z.string() }) })
  plan() {
    return '';
  }

  @Complete({ prompt: 'plan', argument: 'colour' })
  complete() {
    return [];
  }
}

class CompletesForeign extends Base {
  @Complete({ uriTemplate: 'weather://{x}', argument: 'x' })
  complete() {
    return [];
  }
}

describe('prepareServer', () => {
  it('announces tools with their schemas, scopes under the server and what the gateway must know', () => {
    const { definitions } = prepareServer(identity, [new Tools()]);
    expect(definitions.tools).toEqual([
      {
        name: 'current.weather',
        title: 'Current weather',
        description,
        inputSchema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          properties: { city: { type: 'string', description: 'City' } },
          required: ['city'],
        },
        outputSchema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          properties: { celsius: { type: 'number' } },
          required: ['celsius'],
          additionalProperties: false,
        },
        annotations: { readOnlyHint: true, openWorldHint: true },
        gatehouse: {
          timeoutMs: 5_000,
          scopes: ['weather:forecast'],
          requiresClientCapabilities: { sampling: {} },
        },
      },
      { name: 'described', description, inputSchema: { type: 'object', $defs: { a: {} }, allOf: [{}] } },
      {
        name: 'inherited',
        description: 'Inherited.',
        inputSchema: { type: 'object', additionalProperties: false },
        annotations: { readOnlyHint: true },
      },
    ]);
  });

  it('owns the URIs of its resources and the prefixes of its templates, unless told otherwise', () => {
    class Resources {
      @Resource({
        uri: 'weather://today',
        description,
        ttlMs: 1,
        cacheScope: 'public',
        mimeType: 'text/plain',
        size: 3,
      })
      today() {
        return '';
      }

      @ResourceTemplate({ uriTemplate: 'archive://{+path}', description })
      archive() {
        return '';
      }
    }
    const { definitions } = prepareServer(identity, [new Resources()]);
    expect(definitions.uriPrefixes).toEqual(['archive://', 'weather://today']);
    expect(definitions.resources).toEqual([
      { uri: 'weather://today', name: 'today', description, mimeType: 'text/plain', size: 3 },
    ]);
    expect(definitions.resourceTemplates).toEqual([{ uriTemplate: 'archive://{+path}', name: 'archive', description }]);
    const told = prepareServer({ ...identity, uriPrefixes: ['weather://'] }, [new Resources()]);
    expect(told.definitions.uriPrefixes).toEqual(['weather://']);
  });

  it.each([
    ['a bad server name', { ...identity, server: 'My_Server' }, new Base(), /server is named "My_Server"/],
    ['a server name of 25 characters', { ...identity, server: 'a'.repeat(25) }, new Base(), /at most 24/],
    ['no version', { ...identity, version: '' }, new Base(), /has no version/],
    ['no offers', identity, {}, /offers nothing/],
    ['a bad tool name', identity, withTool({ name: 'a b' }), /Mistaken.tool is named "a b"/],
    ['a tool name of 129 characters', identity, withTool({ name: 'a'.repeat(129) }), /1 to 128/],
    ['no description', identity, withTool({ description: ' ' }), /Mistaken.tool has no description/],
    ['a duplicate name', identity, new Twice(), /Twice.second declares the tool "same", which this server already has/],
    ['an input that is no object', identity, withTool({ input: z.string() }), /input that is no object/],
    ['an input without JSON Schema', identity, withTool({ input: z.object({ at: z.date() }) }), /as `inputSchema`/],
    ['a library without JSON Schema', identity, withTool({ input: foreignSchema }), /\(other\) does not convert/],
    ['an output without JSON Schema', identity, withTool({ output: z.map(z.string(), z.any()) }), /as `outputSchema`/],
    ['an inputSchema alone', identity, withTool({ inputSchema: { type: 'object' } }), /inputSchema but no input/],
    ['an outputSchema alone', identity, withTool({ outputSchema: {} }), /outputSchema but no output/],
    [
      'an x-mcp-header that is no header name',
      identity,
      withTool({ input: z.object({ region: z.string().meta({ 'x-mcp-header': 'My Region' }) }) }),
      /Mistaken.tool would be left out by every client: x-mcp-header "My Region" of region/,
    ],
    [
      'an x-mcp-header in a JSON Schema that stands beside the input',
      identity,
      withTool({ input: z.object({}), inputSchema: { type: 'object', not: { 'x-mcp-header': 'A' } } }),
      /x-mcp-header "A" is not reachable/,
    ],
    ['a bad timeout', identity, withTool({ timeoutMs: 0.5 }), /timeoutMs of 0.5/],
    ['a scope with a prefix', identity, withTool({ scopes: ['other:admin'] }), /only what follows "weather:"/],
    ['a bad URI', identity, new BadUri(), /"not a uri", which is not a URI/],
    ['a bad template', identity, new BadTemplate(), /BadTemplate.template has the URI template .* \{\?query\}/],
    ['a bad ttlMs', identity, new BadTtl(), /ttlMs of -1/],
    [
      'completion of an unknown argument',
      identity,
      new CompletesNothing(),
      /completes "colour", which the prompt "plan"/,
    ],
    ['completion of an unknown template', identity, new CompletesForeign(), /which this server does not have/],
  ])('refuses %s in one sentence', (_case, given, provider, sentence) => {
    const start = () => prepareServer(given, [provider]);
    expect(start).toThrow(StartError);
    expect(start).toThrow(sentence);
    expect(start).toThrow(/^[^\n]+\.$/);
  });
});
