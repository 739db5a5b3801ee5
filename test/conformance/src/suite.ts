import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** One check of a scenario, as the suite writes it down. */
export interface Check {
  id: string;
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  description: string;
  errorMessage?: string;
}

/** What the suite found, by scenario. */
export type SuiteResults = Map<string, Check[]>;

const root = path.resolve(import.meta.dirname, '../../..');
const suiteTimeoutMs = 120_000;

/**
 * Runs the official suite's requirement set `2026-07-28` against a server.
 * @throws Error with the suite's output when it wrote no results
 */
export function runSuite(url: string): Promise<SuiteResults> {
  return run('server', ['--url', url, '--requirements', '2026-07-28']);
}

/** An authorization server as the suite is told of it. */
interface AuthorizationServer {
  issuer: string;
  oauthClientId: string;
  /** Where the suite listens for the browser's return. */
  callbackPort: number;
  /** Does what a person does at the URL that the suite asks them to open. */
  authorize: (url: URL) => Promise<void>;
}

/**
 * Runs the official suite's scenarios for authorization servers.
 * @throws Error with the suite's output when it wrote no results
 */
export function runAuthorizationSuite(server: AuthorizationServer): Promise<SuiteResults> {
  const { issuer, oauthClientId, callbackPort, authorize } = server;
  let isOpened = false;
  return run(
    'authorization',
    ['--url', issuer, '--client-id', oauthClientId, '--port', String(callbackPort)],
    (output) => {
      // A line that is whole.
      const url = output
        .split('\n')
        .slice(0, -1)
        .find((line) => line.startsWith(`${issuer}/`));
      if (url === undefined || isOpened) return;
      isOpened = true;
      // What goes wrong is told by the suite, which waits in vain.
      authorize(new URL(url.trim())).catch((error: unknown) => console.error(error));
    },
  );
}

async function run(
  command: 'server' | 'authorization',
  parameters: string[],
  onOutput?: (output: string) => void,
): Promise<SuiteResults> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-conformance-'));
  try {
    const output = await runConformance([command, ...parameters, '--output-dir', folder], onOutput);
    const results = await readResults(folder);
    if (results.size === 0) throw new Error(`the conformance suite wrote no results:\n${output}`);
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runConformance(parameters: string[], onOutput?: (output: string) => void): Promise<string> {
  const program = path.join(root, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
  const child = spawn(process.execPath, [program, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const receive = (chunk: Buffer) => {
    output += chunk.toString();
    onOutput?.(output);
  };
  child.stdout.on('data', receive);
  child.stderr.on('data', receive);
  const timeout = setTimeout(() => child.kill('SIGKILL'), suiteTimeoutMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // Its exit code counts every scenario that it scores; which of them are required is decided here.
    child.on('close', () => {
      clearTimeout(timeout);
      resolve(output);
    });
  });
}

/** Every scenario has a folder `<server or authorization-server>-<name>-<time>` with its checks. */
async function readResults(folder: string): Promise<SuiteResults> {
  const results: SuiteResults = new Map();
  for (const entry of await readdir(folder)) {
    const scenario = /^(?:authorization-)?server-(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/.exec(entry)?.[1];
    if (scenario === undefined) continue;
    const checks = await readFile(path.join(folder, entry, 'checks.json'), 'utf8').catch(() => undefined);
    if (checks !== undefined) results.set(scenario, JSON.parse(checks) as Check[]);
  }
  return results;
}
