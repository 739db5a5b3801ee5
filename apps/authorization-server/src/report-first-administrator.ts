import type { GivenSettings } from './config.ts';

/**
 * Shows a made-up password once: as one line on stdout that the local stack reads, or in words on stderr. It is no log
 * event, for logs are kept. Resolves when the text has left the process.
 */
export function reportFirstAdministrator(
  settings: Pick<GivenSettings, 'GATEHOUSE_REPORT_FIRST_ADMIN'>,
  signIn: { email: string; password: string },
): Promise<void> {
  const toStdout = settings.GATEHOUSE_REPORT_FIRST_ADMIN === 'stdout';
  const text = toStdout
    ? `GATEHOUSE_FIRST_ADMIN ${JSON.stringify(signIn)}\n`
    : `First administrator: ${signIn.email}, password ${signIn.password} - it is shown only now.\n`;
  const stream = toStdout ? process.stdout : process.stderr;
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
