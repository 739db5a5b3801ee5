import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';

const loadResult = z.object({
  requests: z.int().nonnegative(),
  durationUs: z.int().positive(),
  bytes: z.int().nonnegative(),
  p50Us: z.int().nonnegative(),
  p90Us: z.int().nonnegative(),
  p99Us: z.int().nonnegative(),
  maxUs: z.int().nonnegative(),
  wrong: z.int().nonnegative(),
  errors: z.object({
    connect: z.int().nonnegative(),
    read: z.int().nonnegative(),
    write: z.int().nonnegative(),
    status: z.int().nonnegative(),
    timeout: z.int().nonnegative(),
  }),
});

/** What one run of wrk counted. */
export interface LoadResult {
  /** Whole answers. */
  requests: number;
  requestsPerSecond: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  maxMs: number;
  /**
   * Mean size of an answer with its head: tells apart two answers of one status. What had arrived of the last answer of
   * each connection when the time was over is in it too.
   */
  bytesPerAnswer: number;
  /** Answers with a status of 400 or above, with another text than expected (only when checked), or lost. */
  failed: number;
}

/** One run of wrk. */
export interface Load {
  url: string;
  headers: Record<string, string>;
  body: string;
  connections: number;
  seconds: number;
  /** Compare every answer with this text; slows wrk down, so for warm-ups only. */
  expectedText?: string;
}

/**
 * Looks for wrk and gives its version.
 * @throws Error with one sentence when it is not on PATH
 */
export function requireWrk(): string {
  // wrk prints its version with its usage and ends with 1: what counts is that it could be started.
  const { error, stdout } = spawnSync('wrk', ['--version'], { encoding: 'utf8' });
  if (error) {
    throw new Error('The benchmark needs wrk on PATH: install it (apt-get install wrk, brew install wrk).', {
      cause: error,
    });
  }
  return /^wrk (\S+)/m.exec(stdout)?.[1] ?? 'unknown';
}

/**
 * Runs wrk with one thread.
 * @throws Error with wrk's output when it failed
 */
export async function runWrk(load: Load): Promise<LoadResult> {
  const { status, output } = await run([
    '--threads=1',
    `--connections=${load.connections}`,
    `--duration=${load.seconds}s`,
    '--timeout=10s',
    `--script=${path.join(import.meta.dirname, 'load.lua')}`,
    ...Object.entries(load.headers).map(([name, value]) => `--header=${name}: ${value}`),
    load.url,
    '--',
    load.body,
    ...(load.expectedText === undefined ? ['measure'] : ['check', load.expectedText]),
  ]);
  if (status !== 0) throw new Error(`wrk failed with ${status}:\n${output}`);
  return parseWrkOutput(output);
}

/**
 * Reads the line that load.lua prints at the end of a run.
 * @throws Error with wrk's output when there is no such line or when nothing was answered.
 */
export function parseWrkOutput(output: string): LoadResult {
  const line = /^load-result (\{.*\})$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`wrk printed no result:\n${output}`);
  const counted = loadResult.parse(JSON.parse(line));
  if (counted.requests === 0) throw new Error(`wrk got no answer:\n${output}`);
  const { connect, read, write, status, timeout } = counted.errors;
  return {
    requests: counted.requests,
    requestsPerSecond: counted.requests / (counted.durationUs / 1e6),
    p50Ms: counted.p50Us / 1e3,
    p90Ms: counted.p90Us / 1e3,
    p99Ms: counted.p99Us / 1e3,
    maxMs: counted.maxUs / 1e3,
    bytesPerAnswer: counted.bytes / counted.requests,
    failed: counted.wrong + connect + read + write + status + timeout,
  };
}

function run(parameters: string[]): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('wrk', parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output: Buffer.concat(chunks).toString() }));
  });
}
