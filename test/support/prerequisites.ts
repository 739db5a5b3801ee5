import { accessSync, appendFileSync, constants } from 'node:fs';
import path from 'node:path';

/** Chromium's program: CHROMIUM_PATH, or the first on PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find(isExecutable);
}

/**
 * Whether tests with a browser can run here. Where they cannot, the test run closes by naming them
 * (GATEHOUSE_NOT_RUN_FILE); with CI=true that is a failure.
 * @param tests what does not run without Chromium, in a few words.
 */
export function hasChromium(tests: string): boolean {
  if (findChromium() !== undefined) return true;
  const sentence = `${tests}: there is no Chromium (install it, or set CHROMIUM_PATH)`;
  if (process.env.CI === 'true') throw new Error(sentence);
  if (process.env.GATEHOUSE_NOT_RUN_FILE) appendFileSync(process.env.GATEHOUSE_NOT_RUN_FILE, `${sentence}\n`);
  return false;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
