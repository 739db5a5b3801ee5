import { accessSync, appendFileSync, constants } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'vitest';

/** Chromium's program: CHROMIUM_PATH, or the first on PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find(isExecutable);
}

/**
 * `describe` for tests with a browser. Where there is no Chromium they do not run, and the test run closes by naming them
 * (GATEHOUSE_NOT_RUN_FILE); with CI=true that is a failure.
 */
export function describeWithBrowser(name: string, tests: () => void): void {
  if (findChromium() !== undefined) {
    describe(name, tests);
    return;
  }
  const sentence = `${name}: there is no Chromium (install it, or set CHROMIUM_PATH)`;
  if (process.env.CI === 'true') {
    it(name, () => {
      throw new Error(sentence);
    });
    return;
  }
  if (process.env.GATEHOUSE_NOT_RUN_FILE) appendFileSync(process.env.GATEHOUSE_NOT_RUN_FILE, `${sentence}\n`);
  describe.skip(name, tests);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
