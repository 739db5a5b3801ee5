import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { LineBatch } from './line-batch.ts';
import { pinoPretty } from './pretty.ts';
import { isoTime, serializeAtOnce } from './serialize-at-once.ts';
import { StartError } from './start-error.ts';

export type { Logger } from 'pino';

/** Never logged, wherever they stand in an event's fields (two levels deep). */
const maskedFields = new Set([
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
]);
const maskedDepth = 2;
/** Stands for what throws when it is read: an event must not fail by what somebody else threw. */
const unreadable = '[unreadable]';

const credentialPatterns: [RegExp, string][] = [
  [/\b(Bearer|DPoP|Basic)\s+[\w.~+/=-]+/gi, '$1 [masked]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[masked]'],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, '$1:[masked]@'],
];

/** All loggers of the process write to the same place, in their order. */
let stdout: LineBatch | undefined;

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
    timestamp: isoTime,
    serializers: { err: (error: unknown) => serializeError(error) },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => maskFields(fields, 0),
    },
  };
  const logger = pino(options, pretty ? pinoPretty() : (stdout ??= new LineBatch()));
  return serializeAtOnce(logger, (fields) => maskFields(fields, 0));
}

/**
 * Masks by name. pino's own `redact` walks every path for every line, which took 40 % of a gateway's time under load; this
 * looks at each field once and copies only what changes.
 */
function maskFields(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let masked: Record<string, unknown> | undefined;
  for (const name in fields) {
    const value = fields[name];
    const kept = maskedFields.has(name) ? '[masked]' : maskValue(value, depth);
    if (kept === value) continue;
    masked ??= { ...fields };
    masked[name] = kept;
  }
  return masked ?? fields;
}

function maskValue(value: unknown, depth: number): unknown {
  // Errors have a serializer of their own.
  if (depth === maskedDepth || typeof value !== 'object' || value === null || value instanceof Error) return value;
  try {
    if (!Array.isArray(value)) return maskFields(value as Record<string, unknown>, depth + 1);
    const items = value.map((item) => maskValue(item, depth + 1));
    return items.every((item, index) => item === value[index]) ? value : items;
  } catch {
    return unreadable;
  }
}

/** Causes are followed a few levels deep: one may lead back to its error. */
const maxCauses = 4;

function serializeError(error: unknown, causes = maxCauses): unknown {
  if (!(error instanceof Error)) return error;
  try {
    return describeError(error, causes);
  } catch {
    return unreadable;
  }
}

function describeError(error: Error, causes: number): Record<string, unknown> {
  const code = (error as NodeJS.ErrnoException).code;
  return {
    type: error.name,
    message: maskCredentials(error.message),
    ...(code === undefined ? {} : { code }),
    stack: error.stack === undefined ? undefined : maskCredentials(error.stack),
    ...(error.cause === undefined || causes === 0 ? {} : { cause: serializeError(error.cause, causes - 1) }),
    ...(error instanceof AggregateError && causes > 0
      ? { errors: error.errors.map((inner) => serializeError(inner, causes - 1)) }
      : {}),
  };
}

/** Lets Nest log through the process's logger; Nest's start-up chatter goes to `debug`. */
export function nestLogger(logger: Logger): LoggerService {
  const fields = (parameters: unknown[]) => ({ context: parameters.at(-1) });
  return {
    log: (message: unknown, ...parameters: unknown[]) => logger.debug(fields(parameters), String(message)),
    error: (message: unknown, ...parameters: unknown[]) => {
      if (message instanceof StartError) return; // `runApp` tells it, in one sentence
      if (message instanceof Error) logger.error({ err: message, ...fields(parameters) }, 'Nest reported an error');
      else logger.error(fields(parameters), maskCredentials(String(message)));
    },
    warn: (message: unknown, ...parameters: unknown[]) => logger.warn(fields(parameters), String(message)),
    debug: (message: unknown, ...parameters: unknown[]) => logger.debug(fields(parameters), String(message)),
    verbose: (message: unknown, ...parameters: unknown[]) => logger.trace(fields(parameters), String(message)),
  };
}
