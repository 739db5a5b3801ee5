import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { TelemetrySettings } from './telemetry-settings.ts';

/** Prints what is loaded of OpenTelemetry. */
const spy = `
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier.startsWith('@opentelemetry/')) console.log(specifier);
      return next(specifier, context);
    },
  });`;

const program = `
  const [, moduleUrl, settings] = process.argv;
  const { startTelemetry } = await import(moduleUrl);
  const end = await startTelemetry('test', JSON.parse(settings), { warn() {} });
  await end();`;

/** What of OpenTelemetry a process loads that starts with these settings. */
async function loadedBy(settings: TelemetrySettings): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(spy)}`,
    '--input-type=module',
    '--eval',
    program,
    new URL('start-telemetry.ts', import.meta.url).href,
    JSON.stringify(settings),
  ]);
  return stdout;
}

describe('a process', () => {
  it('loads nothing of OpenTelemetry unless it is asked for', async () => {
    expect(await loadedBy({})).toBe('');
  });

  it('loads its SDK when there is a collector', async () => {
    const loaded = await loadedBy({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9/v1/traces' });
    expect(loaded).toContain('@opentelemetry/sdk-node');
  });
});
