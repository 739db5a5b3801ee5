import { createLogger } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BoundedAudit } from './bounded-audit.ts';

const logger = createLogger('test', { LOG_LEVEL: 'silent', LOG_FORMAT: 'json' });

describe('events that anybody can cause', () => {
  let audit: BoundedAudit;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    audit = new BoundedAudit({} as DataSource, logger);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const admitted = (times: number, more: { address?: string; type?: string; oauthClientId?: string } = {}) =>
    Array.from({ length: times }, () =>
      audit.admit({ type: 'form.refused', tenantId: 'default', outcome: 'failure', address: '192.0.2.1', ...more }),
    ).filter((event) => event !== undefined);

  it('are rows each up to the tenth of a minute, then the hundredth and the thousandth', () => {
    const counts = admitted(5_000).map(({ details }) => details?.['countInMinute']);
    expect(counts).toEqual([undefined, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100, 1_000]);
  });

  it('are counted anew in the next minute', () => {
    admitted(50);
    vi.advanceTimersByTime(60_000);
    expect(admitted(1)).toHaveLength(1);
  });

  it.each([
    ['of another type', { type: 'request.refused' }],
    ['from another network', { address: '192.0.2.2' }],
    ['of another client', { oauthClientId: 'c' }],
  ])('are not hidden by a flood of those %s', (_what, flood) => {
    admitted(1_000, flood);
    expect(admitted(1)).toHaveLength(1);
  });

  it('from one IPv6 network are one flood, whatever addresses it uses', () => {
    const rows = Array.from({ length: 50 }, (_, host) => admitted(1, { address: `2001:db8::${host + 1}` }));
    expect(rows.flat()).toHaveLength(10);
  });

  it('from 10,000 addresses in a minute are few rows, which say so', () => {
    const rows = Array.from({ length: 10_000 }, (_, host) =>
      admitted(1, { address: `10.0.${host >> 8}.${host & 255}` }),
    ).flat();
    expect(rows.length).toBeLessThan(120);
    expect(rows.at(-1)?.details).toEqual({ countInMinute: 1_000, ofManySources: true });
  });
});
