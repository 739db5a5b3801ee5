import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { serializeAtOnce } from './serialize-at-once.ts';

const options = {
  base: { app: 'a "quoted" name' },
  timestamp: () => ',"time":"2026-01-01T00:00:00.000Z"',
  formatters: { level: (label: string) => ({ level: label }) },
  serializers: { err: (error: unknown) => `error: ${(error as Error).message}` },
};

/** The line of pino alone, and the one of a logger that serializes at once. */
function linesOf(log: (logger: pino.Logger) => void): [string, string] {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  log(pino(options, stream));
  log(serializeAtOnce(pino(options, stream), (fields) => fields));
  return lines as [string, string];
}

const circle: Record<string, unknown> = {};
circle.self = circle;

describe('an event that is serialized at once', () => {
  it.each<[string, (logger: pino.Logger) => void]>([
    ['fields and a text', (logger) => logger.info({ a: 'x', n: 1.5, yes: true, none: null, list: [1, 'b'] }, 'hello')],
    ['a text alone', (logger) => logger.info('hello "you"\n\u2028')],
    ['fields alone', (logger) => logger.warn({ a: 1 })],
    ['no fields at all', (logger) => logger.warn({})],
    ['hostile texts', (logger) => logger.info({ '"key"\n': '"}\n{"level":"fatal"\u0000\ud800' }, '\r\n')],
    ['what JSON leaves out', (logger) => logger.info({ gone: undefined, call: () => 1, symbol: Symbol('x') }, 'x')],
    ['numbers that JSON has not', (logger) => logger.info({ a: Number.NaN, b: Infinity }, 'x')],
    ['something that converts itself', (logger) => logger.info({ at: new Date(0) }, 'x')],
    ['an error', (logger) => logger.error({ err: new Error('broken'), a: 1 }, 'x')],
    ['an error without fields', (logger) => logger.error(new Error('broken'))],
    ['a circle', (logger) => logger.info({ circle }, 'x')],
    ['a child of the logger', (logger) => logger.child({ more: 1 }).info({ a: 2 }, 'x')],
  ])('is the line that pino writes: %s', (_what, log) => {
    const [expected, line] = linesOf(log);
    expect(line).toBe(expected);
    expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('is masked', () => {
    const lines: string[] = [];
    const logger = serializeAtOnce(pino(options, { write: (line: string) => void lines.push(line) }), () => ({ a: 1 }));
    logger.info({ secret: 'x' }, 'y');
    expect(lines.join('')).not.toContain('secret');
  });
});
