import { PassThrough } from 'node:stream';
import { StartError } from '@gatehouse/runtime';
import { describe, expect, it, vi } from 'vitest';
import { reportFirstAdministrator } from './report-first-administrator.ts';

const signIn = { email: 'admin@localhost', password: 'made up' };

function makeStreams() {
  return { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
}

describe('the report of the first administrator', () => {
  it('is a sentence on stderr for people', async () => {
    const streams = makeStreams();
    await reportFirstAdministrator({ GATEHOUSE_REPORT_FIRST_ADMIN: 'stderr' }, signIn, streams);
    expect(streams.stderr.read()?.toString()).toBe(
      'First administrator: admin@localhost, password made up - it is shown only now.\n',
    );
    expect(streams.stdout.read()).toBeNull();
  });

  it('is a line on stdout for the local stack, and over when that has confirmed it', async () => {
    const streams = makeStreams();
    let isOver = false;
    const reported = reportFirstAdministrator({ GATEHOUSE_REPORT_FIRST_ADMIN: 'stdout' }, signIn, streams).then(() => {
      isOver = true;
    });
    await vi.waitUntil(() => streams.stdin.listenerCount('data') > 0);
    expect(streams.stdout.read()?.toString()).toBe(`GATEHOUSE_FIRST_ADMIN ${JSON.stringify(signIn)}\n`);
    expect(isOver).toBe(false);
    streams.stdin.write('GATEHOUSE_FIRST_ADMIN_SHOWN\n');
    await reported;
    expect(streams.stdin.isPaused()).toBe(true);
  });

  it.each<[string, (stdin: PassThrough) => void]>([
    ['its stdin ends, as it does when the stack was killed', (stdin) => stdin.end()],
    ['its stdin says something else', (stdin) => stdin.write('hello\n')],
    ['its stdin stays silent', () => vi.advanceTimersByTime(5_000)],
  ])('fails in one sentence when %s', async (_what, act) => {
    const timedOut = new AbortController();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      setTimeout(() => timedOut.abort(), ms);
      return timedOut.signal;
    });
    try {
      const streams = makeStreams();
      const settings = { GATEHOUSE_REPORT_FIRST_ADMIN: 'stdout' } as const;
      const reported = reportFirstAdministrator(settings, signIn, streams).catch((error: unknown) => error);
      await new Promise((resolve) => setImmediate(resolve));
      expect(streams.stdin.listenerCount('data')).toBe(1);
      act(streams.stdin);
      const failure = await reported;
      expect(failure).toBeInstanceOf(StartError);
      expect(String(failure)).toMatch(/^StartError: Nobody confirmed (?!.*made up)/);
    } finally {
      vi.useRealTimers();
      vi.restoreAllMocks();
    }
  });
});
