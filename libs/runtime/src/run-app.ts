import type { z } from 'zod';
import { createLogger, maskCredentials } from './logger.ts';
import type { Logger } from './logger.ts';
import { describeSettings, loadSettings } from './settings.ts';
import type { SettingsSchema } from './settings.ts';
import { StartError } from './start-error.ts';
import { startTelemetry } from './telemetry/start-telemetry.ts';

/** A process that has started. `stop` drains it and resolves when nothing is left to do. */
export interface RunningApp {
  stop(): Promise<void>;
}

/** Describes one process: its name in logs, its settings, and how it starts. */
interface AppDefinition<S extends SettingsSchema> {
  name: string;
  settings: S;
  start(settings: z.output<S>, logger: Logger): Promise<RunningApp>;
}

/**
 * Runs a process from its settings to its end: `--settings` prints the settings as JSON; a failure to start is one
 * sentence and exit code 1; SIGTERM or SIGINT drains for `SHUTDOWN_TIMEOUT_MS` at most, a second signal ends at once.
 */
export async function runApp<S extends SettingsSchema>(app: AppDefinition<S>): Promise<void> {
  if (process.argv.includes('--settings')) {
    process.stdout.write(`${JSON.stringify(describeSettings(app.settings))}\n`);
    return;
  }
  let logger: Logger | undefined;
  try {
    const settings = loadSettings(app.settings, process.env);
    logger = createLogger(app.name, settings as unknown as Parameters<typeof createLogger>[1]);
    const drainTimeoutMs = Number((settings as Record<string, unknown>).SHUTDOWN_TIMEOUT_MS ?? 30_000);
    const endTelemetry = await startTelemetry(app.name, settings, logger);
    const running = await app.start(settings, logger);
    const stop = async () => {
      await running.stop();
      await endTelemetry();
    };
    stopOnSignal({ stop }, logger, drainTimeoutMs);
  } catch (error) {
    reportFailedStart(app.name, error, logger);
    process.exit(1);
  }
}

function stopOnSignal(running: RunningApp, logger: Logger, drainTimeoutMs: number): void {
  let stopping = false;
  // Node's own exit writes what is left of the log, and tries for ever when nobody reads it any more.
  const end = (exitCode: number) => logger.flush(() => process.exit(exitCode));
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) end(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error({ drainTimeoutMs }, 'drain took too long, ending now');
      end(1);
    }, drainTimeoutMs).unref();
    running.stop().then(
      () => {
        logger.info('stopped');
        end(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        end(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function reportFailedStart(name: string, error: unknown, logger: Logger | undefined): void {
  if (error instanceof StartError) process.stderr.write(`${name} cannot start: ${maskCredentials(error.message)}\n`);
  else if (logger) logger.fatal({ err: error }, 'start failed');
  else process.stderr.write(`${name} cannot start: ${maskCredentials(String(error))}\n`);
}
