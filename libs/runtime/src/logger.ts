import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { pinoPretty } from './pretty.ts';

export type { Logger } from 'pino';

/** Never logged, wherever they stand in an event's fields (two levels deep). */
const maskedFields = [
  'access_token',
  'assertion',
  'authorization',
  'client_assertion',
  'client_secret',
  'code',
  'code_verifier',
  'cookie',
  'cookies',
  'id_token',
  'password',
  'refresh_token',
  'secret',
  'set-cookie',
  'token',
];

const credentialPatterns: [RegExp, string][] = [
  [/\b(Bearer|DPoP|Basic)\s+[\w.~+/=-]+/gi, '$1 [masked]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[masked]'],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, '$1:[masked]@'],
];

/** Replaces credentials inside a text: authorization header values, JWTs, passwords in URLs. */
export function maskCredentials(text: string): string {
  return credentialPatterns.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/**
 * The process's logger: one event per line, JSON in production and readable in a terminal.
 * @param app is logged with every event as `app`.
 */
export function createLogger(
  app: string,
  settings: { LOG_LEVEL: string; LOG_FORMAT: 'auto' | 'json' | 'pretty' },
): Logger {
  const pretty = settings.LOG_FORMAT === 'pretty' || (settings.LOG_FORMAT === 'auto' && process.stdout.isTTY);
  const options = {
    level: settings.LOG_LEVEL,
    base: { app },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: maskedFields.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]),
      censor: '[masked]',
    },
    serializers: { err: serializeError },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pretty ? pino(options, pinoPretty()) : pino(options);
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = (error as NodeJS.ErrnoException).code;
  return {
    type: error.name,
    message: maskCredentials(error.message),
    ...(code === undefined ? {} : { code }),
    stack: error.stack === undefined ? undefined : maskCredentials(error.stack),
    ...(error.cause === undefined ? {} : { cause: serializeError(error.cause) }),
  };
}

/** Lets Nest log through the process's logger; Nest's start-up chatter goes to `debug`. */
export function nestLogger(logger: Logger): LoggerService {
  const fields = (parameters: unknown[]) => ({ context: parameters.at(-1) });
  return {
    log: (message: unknown, ...parameters: unknown[]) => logger.debug(fields(parameters), String(message)),
    error: (message: unknown, ...parameters: unknown[]) => {
      if (message instanceof Error) logger.error({ err: message, ...fields(parameters) }, 'Nest reported an error');
      else logger.error(fields(parameters), maskCredentials(String(message)));
    },
    warn: (message: unknown, ...parameters: unknown[]) => logger.warn(fields(parameters), String(message)),
    debug: (message: unknown, ...parameters: unknown[]) => logger.debug(fields(parameters), String(message)),
    verbose: (message: unknown, ...parameters: unknown[]) => logger.trace(fields(parameters), String(message)),
  };
}
