import { describe, expect, it } from 'vitest';
import { StartLog } from './start-log.ts';

const warning = '[7] 2026/11/21 17:00:00.000000 [WRN] Maximum Memory is low';
const fatal = '2026-11-21 17:00:00.000 UTC [7] FATAL:  could not open file "global/pg_filenode.map": No such file';
const sentence = 'The database does not start: could not open file "global/pg_filenode.map": No such file; restore it.';

describe('the log of a service that starts', () => {
  it('is shown in its order once the service has started, and at once from then on', async () => {
    const shown: string[] = [];
    const log = new StartLog((line) => shown.push(line));
    await log.during(async () => {
      log.take(warning);
      log.take(fatal);
      expect(shown).toEqual([]);
    });
    expect(shown).toEqual([warning, fatal]);
    log.take(warning);
    expect(shown).toEqual([warning, fatal, warning]);
  });

  it('leaves out what the sentence of a failure says, even when the line comes later', async () => {
    const shown: string[] = [];
    const log = new StartLog((line) => shown.push(line));
    const failing = log.during(async () => {
      log.take(warning);
      log.take(fatal);
      throw new Error(sentence);
    });
    await expect(failing).rejects.toThrow(sentence);
    log.take(fatal);
    expect(shown).toEqual([warning]);
  });
});
