import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeDataDir } from './data-dir.ts';
import type { DataDir } from './data-dir.ts';
import { ensureEncryptionKey, readPasswords } from './generated-secrets.ts';

let dataDir: DataDir;
beforeEach(() => {
  dataDir = describeDataDir(mkdtempSync(path.join(tmpdir(), 'gatehouse-secrets-')));
});
afterEach(() => rmSync(dataDir.path, { recursive: true }));

describe('the key-encryption key', () => {
  it('is made once: 32 random bytes in base64 that only the owner may read', () => {
    ensureEncryptionKey(dataDir);
    const made = readFileSync(dataDir.encryptionKeyFile, 'utf8');
    ensureEncryptionKey(dataDir);
    expect(readFileSync(dataDir.encryptionKeyFile, 'utf8')).toBe(made);
    expect(Buffer.from(made, 'base64')).toHaveLength(32);
    expect(statSync(dataDir.encryptionKeyFile).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['empty', ''],
    ['too short', Buffer.alloc(16).toString('base64')],
    ['too long', Buffer.alloc(33).toString('base64')],
    ['not base64', 'x'.repeat(43) + '!'],
    ['cut off', Buffer.alloc(32).toString('base64').slice(0, -3)],
  ])('stops the start when it is %s', (_, content) => {
    writeFileSync(dataDir.encryptionKeyFile, content);
    expect(() => ensureEncryptionKey(dataDir)).toThrow(/encryption\.key is damaged/);
    expect(readFileSync(dataDir.encryptionKeyFile, 'utf8')).toBe(content);
  });

  it('is not made anew beside a database that was sealed with another', () => {
    mkdirSync(dataDir.postgres);
    expect(() => ensureEncryptionKey(dataDir)).toThrow(/encryption\.key is missing/);
  });
});

describe('the passwords', () => {
  it('are made once for each user; a later user gets his own', () => {
    const first = readPasswords(dataDir, ['gateway']);
    const second = readPasswords(dataDir, ['gateway', 'worker-files']);
    expect(second).toEqual({
      ...first,
      nats: { ...first.nats, 'worker-files': expect.any(String) },
      stateKeys: { ...first.stateKeys, 'worker-files': expect.any(String) },
    });
    for (const key of Object.values(second.stateKeys)) expect(Buffer.from(key, 'base64')).toHaveLength(32);
    const all = [second.postgresSuperuser, second.authorizationServerDatabase, ...Object.values(second.nats)];
    expect(new Set(all).size).toBe(4);
    for (const password of all) expect(Buffer.from(password, 'base64url')).toHaveLength(24);
    expect(statSync(dataDir.passwordsFile).mode & 0o777).toBe(0o600);
  });

  it('get state keys where an earlier version made none', () => {
    const { stateKeys: _none, ...earlier } = readPasswords(dataDir, ['gateway']);
    writeFileSync(dataDir.passwordsFile, JSON.stringify(earlier));
    expect(readPasswords(dataDir, ['gateway'])).toEqual({ ...earlier, stateKeys: { gateway: expect.any(String) } });
  });

  it.each([
    ['cut off', '{"postgresSuperuser":"a"'],
    ['without a password', '{"postgresSuperuser":"a","nats":{}}'],
  ])('stop the start when their file is %s', (_, content) => {
    writeFileSync(dataDir.passwordsFile, content);
    expect(() => readPasswords(dataDir, [])).toThrow(/passwords\.json is damaged/);
  });

  it('are not made anew beside a database that knows others', () => {
    mkdirSync(dataDir.postgres);
    expect(() => readPasswords(dataDir, [])).toThrow(/passwords\.json is missing/);
  });
});
