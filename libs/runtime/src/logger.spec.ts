import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { maskCredentials } from './logger.ts';

/** Logs one event in a process of its own and returns the line. */
function logLine(fields: string, format: 'json' | 'pretty' = 'json'): string {
  const source = `
    import { createLogger } from ${JSON.stringify(path.join(import.meta.dirname, 'logger.ts'))};
    createLogger('gateway', { LOG_LEVEL: 'info', LOG_FORMAT: '${format}' }).info(${fields}, 'event');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout;
}

describe('createLogger', () => {
  it('writes one JSON event per line with the app, an ISO time and a named level', () => {
    const line = logLine('{ callId: "c1" }');
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({ app: 'gateway', level: 'info', msg: 'event', callId: 'c1' });
    expect(Date.parse(JSON.parse(line).time)).not.toBeNaN();
  });

  it('writes one readable line per event for terminals', () => {
    const line = logLine('{ callId: "c1", scopes: ["a", "b"] }', 'pretty');
    expect(line).toContain('gateway: event');
    expect(line.trimEnd()).not.toContain('\n');
  });

  it.each([
    ['a token', '{ access_token: "sesame" }'],
    ['a header one level down', '{ headers: { authorization: "Bearer sesame" } }'],
    ['a cookie two levels down', '{ request: { headers: { cookie: "session=sesame" } } }'],
    ['a code in a list', '{ requests: [{ code: "sesame" }] }'],
    ['a password in an error', '{ err: new Error("cannot reach postgresql://root:sesame@db/x") }'],
    ['a token in the cause of an error', '{ err: new Error("x", { cause: new Error("Bearer sesame") }) }'],
  ])('masks %s', (_, fields) => {
    const line = logLine(fields);
    expect(line).toContain('[masked]');
    expect(line).not.toContain('sesame');
  });

  it('leaves the code of an error and the fields of the caller as they are', () => {
    const line = logLine('{ err: Object.assign(new Error("x"), { code: "ECONNREFUSED" }), count: 0, none: null }');
    expect(JSON.parse(line)).toMatchObject({ err: { code: 'ECONNREFUSED' }, count: 0, none: null });
  });
});

describe('an error in an event', () => {
  it('ends where its causes lead in a circle, and shows the errors of an aggregate', () => {
    const line = logLine(
      '(() => { const a = new AggregateError([new Error("inner")], "outer"); a.cause = a; return { err: a }; })()',
    );
    expect(JSON.parse(line).err).toMatchObject({ message: 'outer', errors: [{ message: 'inner' }] });
  });

  it.each([
    ['a message that throws', 'Object.defineProperty(new Error("x"), "message", { get() { throw 1 } })'],
    ['a message that is no text', 'Object.assign(new Error("x"), { message: 404 })'],
    ['a field that throws, and is no error', '{ get message() { throw 1 } }'],
  ])('does not lose the event to %s', (_what, thrown) => {
    expect(JSON.parse(logLine(`{ callId: "c1", err: ${thrown} }`))).toMatchObject({
      callId: 'c1',
      err: '[unreadable]',
    });
  });
});

describe('maskCredentials', () => {
  it('leaves ordinary text alone', () => {
    expect(maskCredentials('the bearer of this letter came from http://localhost:3000/mcp')).toContain(
      'http://localhost:3000/mcp',
    );
  });

  it('masks a JWT inside a text', () => {
    expect(maskCredentials('token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln refused')).toBe('token [masked] refused');
  });
});
