import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { StartError } from './start-error.ts';
import { telemetrySettings } from './telemetry/telemetry-settings.ts';

/** Settings of one process: environment variable names to zod types, each with a description. */
export type SettingsSchema = z.ZodObject<z.ZodRawShape>;

/** One row of the generated table of settings. */
export interface SettingDocumentation {
  name: string;
  description: string;
  /** What applies when the variable is unset; absent when the setting is required or simply off. */
  defaultValue?: string;
  required: boolean;
  secret: boolean;
}

const secrets = z.registry<{ secret: true }>();

/** A TCP port; 0 asks the operating system for a free one. */
export function port(defaultPort: number, description: string) {
  return z.coerce.number().int().min(0).max(65535).default(defaultPort).describe(description);
}

/** A whole number of milliseconds, bytes or pieces between `min` and `max`. */
export function wholeNumber(defaultValue: number, range: { min: number; max: number }, description: string) {
  return z.coerce.number().int().min(range.min).max(range.max).default(defaultValue).describe(description);
}

/** `true` or `false` (also `1` and `0`). */
export function flag(defaultValue: boolean, description: string) {
  return z
    .enum(['true', 'false', '1', '0'])
    .default(defaultValue ? 'true' : 'false')
    .transform((value) => value === 'true' || value === '1')
    .describe(description);
}

/** An absolute http or https URL without a trailing slash. */
export function httpUrl(description: string) {
  return z
    .string()
    .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), 'must be an http(s) URL')
    .transform((value) => value.replace(/\/+$/, ''))
    .describe(description);
}

/** An e-mail address as an HTML form takes it (HTML §4.10.5.1.5), so that its owner can type it there. */
export function emailAddress(description: string) {
  return z
    .string()
    .trim()
    .refine(
      (value) => value.length <= 254 && z.regexes.html5Email.test(value),
      'must be an e-mail address of at most 254 characters, such as admin@localhost',
    )
    .describe(description);
}

/** A password that can be typed into a form. */
export function password(description: string) {
  return z
    .string()
    .refine((value) => /^[^\0\r\n]{8,1024}$/.test(value), 'must be one line of 8 to 1024 characters')
    .describe(description);
}

/** A comma-separated list; empty parts are dropped. */
export function list(description: string) {
  return z
    .string()
    .default('')
    .transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .describe(description);
}

/** Marks a setting as secret: it may also be given as `<NAME>_FILE`, and its value is never printed. */
export function secret<T extends z.ZodType>(type: T): T {
  secrets.add(type, { secret: true });
  return type;
}

/** The settings that every process has. */
export const commonSettings = {
  HOST: z.string().default('127.0.0.1').describe('Address to bind; loopback unless asked'),
  ADMIN_HOST: z
    .string()
    .optional()
    .describe('Address to bind for probes and metrics, which anybody may ask; `HOST` unless set'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .describe('Least severe level that is logged'),
  LOG_FORMAT: z
    .enum(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('`json`, `pretty`, or `auto`: pretty in a terminal, JSON elsewhere'),
  SHUTDOWN_TIMEOUT_MS: wholeNumber(
    30_000,
    { min: 1_000, max: 600_000 },
    'Longest drain after SIGTERM before the process ends all the same',
  ),
  ...telemetrySettings,
};

/**
 * Parses the environment once. An empty variable counts as unset.
 * @throws StartError naming every bad variable, never its value when it is secret.
 */
export function loadSettings<S extends SettingsSchema>(schema: S, environment: NodeJS.ProcessEnv): z.output<S> {
  const input: Record<string, string> = {};
  for (const [name, type] of Object.entries(schema.shape)) {
    const value = environment[name];
    const file = environment[`${name}_FILE`];
    if (value !== undefined && value !== '') input[name] = value;
    else if (unwrap(type as z.ZodType, (known) => secrets.has(known) || undefined) && file)
      input[name] = readSecretFile(name, file);
  }
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const name = issue.path.map(String).join('.') || 'settings';
    return input[name] === undefined && issue.path.length > 0 ? `${name} is required` : `${name}: ${issue.message}`;
  });
  throw new StartError(`Bad settings - ${faults.join('; ')}.`);
}

/** Describes every setting of a schema for the generated table. */
export function describeSettings(schema: SettingsSchema): SettingDocumentation[] {
  return Object.entries(schema.shape).map(([name, type]) => {
    const zodType = type as z.ZodType;
    const unset = zodType.safeParse(undefined);
    const shown = unset.success && unset.data !== undefined ? displayed(unset.data) : undefined;
    return {
      name,
      description: unwrap(zodType, (type) => type.description) ?? '',
      ...(shown === undefined ? {} : { defaultValue: shown }),
      required: !unset.success,
      secret: unwrap(zodType, (type) => secrets.has(type) || undefined) ?? false,
    };
  });
}

/** Asks a type, then what it wraps (`optional`, `default`, ...), until one of them knows. */
function unwrap<T>(type: z.ZodType, ask: (type: z.ZodType) => T | undefined): T | undefined {
  const { innerType } = type.def as { innerType?: z.ZodType };
  return ask(type) ?? (innerType && unwrap(innerType, ask));
}

function displayed(value: unknown): string | undefined {
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return text === '' ? undefined : text;
}

function readSecretFile(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new StartError(`${name}_FILE names ${file}, which cannot be read: check the path and its permissions.`, {
      cause,
    });
  }
}
