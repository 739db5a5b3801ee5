import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { StartError } from '@gatehouse/runtime';
import type { GivenSettings } from './config.ts';

/** What the local stack writes to our stdin when it has shown the sign-in. */
const shownMarker = 'GATEHOUSE_FIRST_ADMIN_SHOWN';
/** Shorter than a transaction may be idle, for the account is committed after this. */
const shownTimeoutMs = 5_000;

/** The standard streams, as far as the report needs them. */
interface ReportStreams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/**
 * Shows a made-up password once: in words on stderr, or as one line on stdout that the local stack reads, shows and
 * confirms on our stdin. It is no log event, for logs are kept. Resolves when the person has it before their eyes, as far
 * as a process can know: whoever ends us before that ends an account that was not committed.
 * @throws StartError when the line on stdout is not confirmed.
 */
export async function reportFirstAdministrator(
  settings: Pick<GivenSettings, 'GATEHOUSE_REPORT_FIRST_ADMIN'>,
  signIn: { email: string; password: string },
  streams: ReportStreams = process,
): Promise<void> {
  if (settings.GATEHOUSE_REPORT_FIRST_ADMIN === 'stderr') {
    const sentence = `First administrator: ${signIn.email}, password ${signIn.password} - it is shown only now.\n`;
    return write(streams.stderr, sentence);
  }
  await write(streams.stdout, `GATEHOUSE_FIRST_ADMIN ${JSON.stringify(signIn)}\n`);
  await waitUntilShown(streams.stdin);
}

function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

async function waitUntilShown(stdin: Readable): Promise<void> {
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(shownTimeoutMs)]);
  try {
    const line: unknown = await Promise.race([
      once(stdin, 'data', { signal }).then(([chunk]) => String(chunk)),
      once(stdin, 'end', { signal }),
    ]);
    if (typeof line === 'string' && line.startsWith(shownMarker)) return;
    throw new Error('stdin says something else');
  } catch (cause) {
    throw new StartError(
      'Nobody confirmed on stdin that the password of the first administrator was shown: ' +
        'set GATEHOUSE_REPORT_FIRST_ADMIN to stderr to have it shown here.',
      { cause },
    );
  } finally {
    done.abort();
    stdin.pause();
  }
}
