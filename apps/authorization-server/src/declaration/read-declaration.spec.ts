import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StartError } from '@gatehouse/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDeclaration, readDeclaration } from './read-declaration.ts';
import { readSecret } from './secret-reference.ts';

const client = 'client_id: a, client_name: A, redirect_uris: []';

describe('a declaration', () => {
  it('is YAML', () => {
    expect(
      parseDeclaration(`version: 1\nclients:\n  - {${client}}\naccounts:\n  - email: Ada@Example.com\n`, 'f'),
    ).toEqual({
      version: 1,
      prune: false,
      clients: [{ client_id: 'a', client_name: 'A', redirect_uris: [], token_endpoint_auth_method: 'none' }],
      accounts: [{ email: 'Ada@Example.com', roles: [], is_disabled: false }],
    });
  });

  it('is JSON as well', () => {
    expect(parseDeclaration('{"version": 1, "prune": true}', 'f')).toEqual({ version: 1, prune: true });
  });

  it.each([
    ['', 'the file: expected object, received null'],
    ['[]', 'the file: expected object, received array'],
    ['version: 2', 'version must be 1, the version of this format'],
    ['{version: 1, client: []}', 'the file has "client", which is unknown'],
    ['{version: 1, prune: "yes"}', 'prune: expected boolean, received string'],
    ['{version: 1, clients: {}}', 'clients: expected array, received object'],
    [
      '{version: 1, clients: [{client_name: A, redirect_uris: []}]}',
      'clients[0].client_id: expected string, received undefined',
    ],
    [
      `{version: 1, clients: [{${client}, secret: x, colour: y}]}`,
      'clients[0] has "secret", "colour", which are unknown',
    ],
    [
      `{version: 1, clients: [{${client}, token_endpoint_auth_method: client_secret_jwt}]}`,
      'clients[0].token_endpoint_auth_method: expected one of "none"|"client_secret_basic"|"client_secret_post"|"private_key_jwt"',
    ],
    [
      `{version: 1, clients: [{${client}, token_endpoint_auth_method: client_secret_basic}]}`,
      'clients[0].client_secret is required with client_secret_basic',
    ],
    [`{version: 1, clients: [{${client}, client_secret: "env:A"}]}`, 'clients[0].client_secret is of no use with none'],
    [`{version: 1, clients: [{${client}}, {${client}}]}`, 'clients[1].client_id is declared before'],
    [
      '{version: 1, accounts: [{email: nobody}]}',
      'accounts[0].email must be an e-mail address of at most 254 characters, such as admin@localhost',
    ],
    ['{version: 1, accounts: [{email: a@b.c}, {email: A@B.C}]}', 'accounts[1].email is declared before'],
    ['{version: 1, accounts: [{email: a@b.c, roles: [root]}]}', 'accounts[0].roles[0]: expected "administrator"'],
  ])('is refused in one sentence that names the place: %s', (text, fault) => {
    expect(() => parseDeclaration(text, 'company.yaml')).toThrow(
      new StartError(`company.yaml is no declaration: ${fault}.`),
    );
  });

  it.each([
    ['a: b: c', 'Nested mappings are not allowed in compact mappings'],
    ['{"version": 1', 'Flow map must end with a }'],
    ['version: 1\nversion: 1', 'Map keys must be unique'],
    ['clients: [!!js/function "x"]', 'Unresolved tag: tag:yaml.org,2002:js/function'],
  ])('that is neither YAML nor JSON is refused with line and column: %j', (text, fault) => {
    expect(() => parseDeclaration(text, 'f')).toThrow(/^f is neither YAML nor JSON: line \d+, column \d+: /);
    expect(() => parseDeclaration(text, 'f')).toThrow(fault);
  });

  it('does not grow by aliases', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let depth = 1; depth < 9; depth += 1) {
      lines.push(`a${depth}: &a${depth} [${Array.from({ length: 10 }, () => `*a${depth - 1}`).join(', ')}]`);
    }
    expect(() => parseDeclaration(lines.join('\n'), 'f')).toThrow('f repeats itself by too many aliases.');
  });

  it('never repeats a secret that stands where a reference belongs', () => {
    const text = `{version: 1, accounts: [{email: a@b.c, initial_password: "correct horse"}]}`;
    const read = () => parseDeclaration(text, 'f');
    expect(read).toThrow(
      'accounts[0].initial_password must be a reference to the secret, env:<NAME> or file:<path>, and never the secret itself',
    );
    expect(read).not.toThrow(/correct horse/);
  });
});

describe('the files of a declaration', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-declaration-'));
    writeFileSync(path.join(folder, 'secret'), 'of a file\n');
    writeFileSync(path.join(folder, 'empty'), '\n');
    writeFileSync(path.join(folder, 'binary.yaml'), Buffer.from([0xff, 0xfe]));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const source = () => ({ environment: (name: string) => ({ SET: 'of a variable' })[name], folder });

  it('hold secrets, beside variables', () => {
    expect(readSecret('env:SET', source(), 'x')).toBe('of a variable');
    expect(readSecret('file:secret', source(), 'x')).toBe('of a file');
    expect(readSecret(`file:${path.join(folder, 'secret')}`, source(), 'x')).toBe('of a file');
  });

  it.each([
    ['env:UNSET', 'clients[0].client_secret is env:UNSET, which is not set.'],
    [
      'file:absent',
      'clients[0].client_secret is file:absent, which cannot be read: check the path and its permissions.',
    ],
    ['file:empty', 'clients[0].client_secret is file:empty, which is empty.'],
  ])('are named when a secret is missing: %s', (reference, sentence) => {
    expect(() => readSecret(reference, source(), 'clients[0].client_secret')).toThrow(new StartError(sentence));
  });

  it('are named when they cannot be read', () => {
    expect(() => readDeclaration('/nowhere/x.yaml')).toThrow(
      '/nowhere/x.yaml cannot be read: check the path and its permissions.',
    );
    const binary = path.join(folder, 'binary.yaml');
    expect(() => readDeclaration(binary)).toThrow(`${binary} is not UTF-8.`);
  });
});
