import { StartError } from '@gatehouse/runtime';
import { describe, expect, it } from 'vitest';
import type { ReadContext } from '../context.ts';
import { Resource, ResourceTemplate } from '../decorators.ts';
import { ExpectedError, ResourceNotFoundError } from '../errors.ts';
import { createTestServer } from '../testing/test-server.ts';

class Offers {
  @Resource({ uri: 'weather://today', description: 'Today.', ttlMs: 5_000, cacheScope: 'public' })
  today() {
    return 'sunny';
  }

  @Resource({ uri: 'weather://radar', description: 'Radar image.', mimeType: 'image/png' })
  radar() {
    return new Uint8Array([1, 2, 3]);
  }

  @Resource({ uri: 'weather://whole', description: 'Says everything itself.', ttlMs: 1 })
  whole() {
    return { contents: [{ uri: 'weather://part', text: 'part' }], ttlMs: 9, cacheScope: 'public' as const };
  }

  @Resource({ uri: 'weather://question', description: 'Asks first.', cacheScope: 'public', ttlMs: 1_000 })
  question({ inputResponses }: ReadContext) {
    return inputResponses.name ? 'answered' : { resultType: 'input_required' as const, inputRequests: {} };
  }

  @Resource({ uri: 'weather://fault', description: 'Fails.' })
  fault(): string {
    throw new Error('password of the database: hunter2');
  }

  @ResourceTemplate({ uriTemplate: 'weather://stations/{id}/data', description: 'A station.', mimeType: 'text/csv' })
  station({ id }: { id: string }, { uri }: ReadContext) {
    if (id === 'none') throw new ResourceNotFoundError(uri);
    if (id === 'big') throw new ExpectedError('Too big: use the tool.');
    return [{ uri, text: id }];
  }

  @ResourceTemplate({ uriTemplate: 'weather://archive/{+path}', description: 'The archive.' })
  archive({ path }: { path: string }) {
    return { text: path };
  }
}

/** Declared public, one way of answering each. */
class PublicOffers {
  @Resource({ uri: 'news://headlines', description: 'Same for all.', ttlMs: 1_000, cacheScope: 'public' })
  headlines({ uri, log }: ReadContext) {
    log('info', 'read');
    return uri;
  }

  @Resource({ uri: 'news://mine', description: 'Greets the caller.', ttlMs: 1_000, cacheScope: 'public' })
  mine({ principal }: ReadContext) {
    return principal.accountId;
  }

  @Resource({ uri: 'news://adapted', description: 'By what the client can.', ttlMs: 1_000, cacheScope: 'public' })
  async adapted(context: ReadContext) {
    await Promise.resolve();
    return context.clientCapabilities.sampling ? 'long' : 'short';
  }

  @Resource({ uri: 'news://insists', description: 'Says so once more.', ttlMs: 1_000 })
  insists({ principal, uri }: ReadContext) {
    return { contents: [{ uri, text: principal.accountId }], cacheScope: 'public' as const };
  }

  @Resource({ uri: 'news://past', description: 'Stale before it is sent.', cacheScope: 'public' })
  past({ uri }: ReadContext) {
    return { contents: [{ uri, text: '' }], ttlMs: -1 };
  }

  @Resource({ uri: 'news://half', description: 'No whole number.', cacheScope: 'public' })
  half({ uri }: ReadContext) {
    return { contents: [{ uri, text: '' }], ttlMs: 0.5, cacheScope: 'shared' as 'public' };
  }
}

const server = createTestServer({ server: 'weather', version: '1.2.3', title: 'Weather' }, [new Offers()]);

describe('resources/read', () => {
  it('answers text with the hints of the declaration and serverInfo', async () => {
    expect((await server.readResource('weather://today')).result).toEqual({
      resultType: 'complete',
      contents: [{ uri: 'weather://today', mimeType: 'text/plain', text: 'sunny' }],
      ttlMs: 5_000,
      cacheScope: 'public',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'weather', version: '1.2.3', title: 'Weather' } },
    });
  });

  it('answers bytes as a blob, private and immediately stale when nothing is declared', async () => {
    expect((await server.readResource('weather://radar')).result).toMatchObject({
      contents: [{ uri: 'weather://radar', mimeType: 'image/png', blob: 'AQID' }],
      ttlMs: 0,
      cacheScope: 'private',
    });
  });

  it('lets a whole result override the hints', async () => {
    expect((await server.readResource('weather://whole')).result).toMatchObject({
      contents: [{ uri: 'weather://part', text: 'part' }],
      ttlMs: 9,
      cacheScope: 'public',
    });
  });

  it('gives no hints to input_required, and none to keep to what depended on answers (Caching §Cache Key)', async () => {
    const asked = await server.readResource('weather://question');
    expect(asked.result).toMatchObject({ resultType: 'input_required' });
    expect(asked.result).not.toHaveProperty('ttlMs');
    const answered = await server.readResource('weather://question', { params: { inputResponses: { name: {} } } });
    expect(answered.result).toMatchObject({ contents: [{ text: 'answered' }], ttlMs: 0, cacheScope: 'private' });
  });

  it('matches templates, decodes their variables and fills in URI and MIME type', async () => {
    expect((await server.readResource('weather://stations/a%20b/data')).result.contents).toEqual([
      { uri: 'weather://stations/a%20b/data', text: 'a b' },
    ]);
    expect((await server.readResource('weather://archive/2025/may%23.csv')).result.contents).toEqual([
      { uri: 'weather://archive/2025/may%23.csv', text: '2025/may#.csv' },
    ]);
  });

  it.each([
    'weather://tomorrow',
    'weather://stations/a/b/data',
    'weather://stations/%zz/data',
    'weather://stations/none/data',
  ])('answers -32602 with the URI to %s, where nothing is (Resources §Error Handling)', async (uri) => {
    const { error } = await server.readResource(uri);
    expect(error).toEqual({ code: -32602, message: 'Resource not found', data: { uri } });
  });

  it('answers -32602 with the message of an ExpectedError', async () => {
    expect((await server.readResource('weather://stations/big/data')).error).toEqual({
      code: -32602,
      message: 'Too big: use the tool.',
    });
  });

  it('answers -32603 without details to an unexpected fault', async () => {
    const { frame, error } = await server.readResource('weather://fault');
    expect(error).toEqual({ code: -32603, message: 'Internal error' });
    expect(frame).toMatchObject({ kind: 'error', errorCode: -32603 });
  });
});

describe('the caching hints of resources/read (MCP 2026-07-28 Caching)', () => {
  const news = createTestServer({ server: 'news', version: '1.0.0' }, [new PublicOffers()]);

  it.each<[string, string, object]>([
    ['public when the author says so and nothing of the caller was looked at', 'headlines', { cacheScope: 'public' }],
    ['private once the principal was looked at', 'mine', { cacheScope: 'private', ttlMs: 1_000 }],
    ['private once the capabilities of the client were looked at', 'adapted', { cacheScope: 'private' }],
    ['private although the result says otherwise', 'insists', { cacheScope: 'private', ttlMs: 1_000 }],
    ['immediately stale instead of a time in the past (§Time-to-Live (TTL) Field)', 'past', { ttlMs: 0 }],
    ['private and stale when the result states what is no hint', 'half', { ttlMs: 0, cacheScope: 'private' }],
  ])('are %s', async (_what, name, hints) => {
    expect((await news.readResource(`news://${name}`)).result).toMatchObject(hints);
  });

  it('are private for a tenant, whose URIs may be others’ too', async () => {
    const { result } = await news.readResource('news://headlines', { principal: { tenant: 'acme' } });
    expect(result).toMatchObject({ cacheScope: 'private' });
  });

  it('are refused at start when they are none', () => {
    class Negative {
      @Resource({ uri: 'a://b', description: 'x', ttlMs: -1 })
      read() {
        return '';
      }
    }
    class Shared {
      @Resource({ uri: 'a://b', description: 'x', cacheScope: 'shared' as 'public' })
      read() {
        return '';
      }
    }
    for (const provider of [new Negative(), new Shared()])
      expect(() => createTestServer({ server: 'a', version: '1' }, [provider])).toThrow(StartError);
  });
});
