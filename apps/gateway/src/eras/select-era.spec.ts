import type { Batch, Message } from '@gatehouse/protocol';
import { describe, expect, it } from 'vitest';
import { selectEra } from './select-era.ts';

const request = (method: string, version?: unknown): Message => ({
  kind: 'request',
  id: 1,
  method,
  params: version === undefined ? {} : { _meta: { 'io.modelcontextprotocol/protocolVersion': version } },
});
const batch = (...members: unknown[]): Batch => ({ kind: 'batch', members });
const modernMember = { params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } };

describe('the era of a message (MCP 2026-07-28 Versioning §Backward Compatibility)', () => {
  it.each<[string, Message | Batch, string | undefined]>([
    ['a modern header', request('tools/list'), '2026-07-28'],
    ['a modern body', request('tools/list', '2026-07-28'), undefined],
    ['a modern body under an old header', request('tools/list', '2026-07-28'), '2025-11-25'],
    ['an unknown version in the body', request('initialize', 'v9'), undefined],
    ['a version that is no text', request('tools/list', 7), undefined],
    ['a modern member of a batch', batch({}, modernMember), undefined],
    ['initialize under a modern header', request('initialize'), '2026-07-28'],
  ])('%s is modern', (_what, message, header) => {
    expect(selectEra(message, header)).toEqual({ kind: 'modern' });
  });

  it.each<[string, Message | Batch, string | undefined, string]>([
    ['a 2025 header', request('tools/list'), '2025-11-25', '2025-11-25'],
    ['initialize', request('initialize'), undefined, '2025-03-26'],
    ['nothing said', request('tools/list'), undefined, '2025-03-26'],
    ['a batch', batch({}, 7), undefined, '2025-03-26'],
    ['a response', { kind: 'response', id: 1 }, '2025-06-18', '2025-06-18'],
  ])('%s is legacy', (_what, message, header, version) => {
    expect(selectEra(message, header)).toEqual({ kind: 'legacy', version });
  });

  it.each([['2024-11-05'], ['2027-01-01'], ['1900-01-01'], [''], ['latest'], ['2026-07-28, 2026-07-28']])(
    'the header %j is refused with -32022',
    (header) => {
      expect(() => selectEra(request('tools/list'), header)).toThrow(
        expect.objectContaining({
          code: -32022,
          httpStatus: 400,
          data: expect.objectContaining({ requested: header }) as object,
        }),
      );
    },
  );
});
