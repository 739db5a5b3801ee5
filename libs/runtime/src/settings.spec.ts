import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  describeSettings,
  emailAddress,
  flag,
  httpUrl,
  list,
  loadSettings,
  password,
  port,
  secret,
  wholeNumber,
} from './settings.ts';
import { StartError } from './start-error.ts';

const schema = z.object({
  PORT: port(3000, 'Port of the listener'),
  LIMIT: wholeNumber(5, { min: 1, max: 10 }, 'Most of something'),
  VERBOSE: flag(false, 'Says more'),
  URL: httpUrl('Where it is reached'),
  HOSTS: list('Hosts that are accepted'),
  KEY: secret(z.string().min(4).optional().describe('A key')),
});
const signIn = z.object({ EMAIL: emailAddress('Who'), PASSWORD: secret(password('Of whom').optional()) });
const required = { URL: 'http://localhost:3000/' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('loadSettings', () => {
  it('applies defaults, converts types and drops the trailing slash of a URL', () => {
    expect(loadSettings(schema, { ...required, HOSTS: 'a.example, b.example,' })).toEqual({
      PORT: 3000,
      LIMIT: 5,
      VERBOSE: false,
      URL: 'http://localhost:3000',
      HOSTS: ['a.example', 'b.example'],
    });
  });

  it('takes an empty variable as unset', () => {
    expect(loadSettings(schema, { ...required, PORT: '' }).PORT).toBe(3000);
  });

  it('reads a secret from the file that <NAME>_FILE names', () => {
    const file = path.join(folder, 'key');
    writeFileSync(file, 'swordfish\n');
    expect(loadSettings(schema, { ...required, KEY_FILE: file }).KEY).toBe('swordfish');
  });

  it.each([
    ['a missing required setting', {}, 'URL is required'],
    ['a port that is no number', { ...required, PORT: 'http' }, 'PORT: '],
    ['a port out of range', { ...required, PORT: '70000' }, 'PORT: '],
    ['a number out of range', { ...required, LIMIT: '11' }, 'LIMIT: '],
    ['a flag that is neither true nor false', { ...required, VERBOSE: 'maybe' }, 'VERBOSE: '],
    ['a URL that is none', { URL: 'localhost' }, 'URL: must be an http(s) URL'],
    [
      'a secret file that cannot be read',
      { ...required, KEY_FILE: '/nonexistent/key' },
      'KEY_FILE names /nonexistent/key',
    ],
  ])('refuses %s in one sentence', (_, environment, sentence) => {
    expect(() => loadSettings(schema, environment)).toThrow(StartError);
    expect(() => loadSettings(schema, environment)).toThrow(sentence);
  });

  it.each(['admin@localhost', ' admin@example.com ', `${'a'.repeat(242)}@example.com`])(
    'takes the e-mail address %j, which a form takes',
    (EMAIL) => {
      expect(loadSettings(signIn, { EMAIL })).toEqual({ EMAIL: EMAIL.trim() });
    },
  );

  it.each([
    'nonsense',
    '@localhost',
    'admin@',
    'a@b@c',
    'a b@c',
    'admin@-a',
    'ädmin@a',
    `${'a'.repeat(243)}@example.com`,
  ])('refuses the e-mail address %j, which a form refuses', (EMAIL) => {
    const sentence =
      'Bad settings - EMAIL: must be an e-mail address of at most 254 characters, such as admin@localhost.';
    expect(() => loadSettings(signIn, { EMAIL })).toThrow(new StartError(sentence));
  });

  it.each([8, 1_024])('takes a password of %i characters', (length) => {
    const PASSWORD = 'x'.repeat(length);
    expect(loadSettings(signIn, { EMAIL: 'a@b', PASSWORD })).toMatchObject({ PASSWORD });
  });

  it.each(['hunter2', 'x'.repeat(1_025), 'two\nlines', 'with a\0NUL'])(
    'refuses the password %j, which a form cannot send, without repeating it',
    (PASSWORD) => {
      const sentence = 'Bad settings - PASSWORD: must be one line of 8 to 1024 characters.';
      expect(() => loadSettings(signIn, { EMAIL: 'a@b', PASSWORD })).toThrow(new StartError(sentence));
    },
  );

  it('never repeats the value of a bad setting', () => {
    expect(() => loadSettings(schema, { ...required, KEY: 'abc' })).toThrow(/^(?!.*abc)/);
  });
});

describe('describeSettings', () => {
  it('finds purpose and secrecy of what an optional type wraps', () => {
    const wrapped = z.object({ TOKEN: secret(z.string().describe('A token')).optional() });
    expect(describeSettings(wrapped)).toEqual([
      { name: 'TOKEN', description: 'A token', required: false, secret: true },
    ]);
  });

  it('tells name, purpose, default, and whether a setting is required or secret', () => {
    expect(describeSettings(schema)).toEqual([
      { name: 'PORT', description: 'Port of the listener', defaultValue: '3000', required: false, secret: false },
      { name: 'LIMIT', description: 'Most of something', defaultValue: '5', required: false, secret: false },
      { name: 'VERBOSE', description: 'Says more', defaultValue: 'false', required: false, secret: false },
      { name: 'URL', description: 'Where it is reached', required: true, secret: false },
      { name: 'HOSTS', description: 'Hosts that are accepted', required: false, secret: false },
      { name: 'KEY', description: 'A key', required: false, secret: true },
    ]);
  });
});
