import { once } from 'node:events';
import { createHistogram } from 'node:perf_hooks';
import type { RecordableHistogram } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { KeepAliveConnection } from './keep-alive-connection.ts';
import type { Answer } from './keep-alive-connection.ts';

/** A load whose requests are sent when they are due, whether or not those before were answered. */
export interface FixedRateLoad {
  url: string;
  headers: Record<string, string>;
  body: string;
  requestsPerSecond: number;
  seconds: number;
  /** Sent at the same rate before anything is counted. */
  warmUpSeconds: number;
  /** A request that is due while all of them are taken waits, and its wait counts. */
  connections: number;
}

/** What a load at a fixed rate saw. */
export interface FixedRateResult {
  requestsPerSecond: number;
  /** From the instant when a request was due to the end of its answer. */
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  maxMs: number;
  /** The part of it by which the generator itself was late, at the 99th percentile. */
  latenessP99Ms: number;
  bytesPerAnswer: number;
  /** Answers of another status than 200, lost connections, and requests without an answer at the end. */
  failed: number;
  /** Processor time of the generator. */
  cpuUsPerRequest: number;
}

/** Requests are due in small groups, each at one tick: every wake-up costs as much as a request. */
const tickMs = 0.5;
const lastAnswersMs = 5_000;
const longestUs = 60_000_000;

/** Sends requests at a fixed rate and measures from the instant when each was due (no coordinated omission). */
export class OpenLoop {
  readonly #load: FixedRateLoad;
  readonly #request: Buffer;
  readonly #idle: KeepAliveConnection[] = [];
  readonly #overdue: number[] = [];
  readonly #latencies = newHistogram();
  readonly #latenesses = newHistogram();
  readonly #intervalMs: number;
  #startMs = 0;
  #sent = 0;
  #answered = 0;
  #failed = 0;
  #bytes = 0;

  constructor(load: FixedRateLoad) {
    this.#load = load;
    this.#request = requestBytes(load);
    this.#intervalMs = 1000 / load.requestsPerSecond;
  }

  /** Runs the load to its end. */
  async run(): Promise<FixedRateResult> {
    const { connections, url } = this.#load;
    const { hostname, port } = new URL(url);
    for (let n = 0; n < connections; n++) this.#idle.push(await KeepAliveConnection.open(hostname, Number(port)));
    const pacer = new Worker(new URL('pacer.ts', import.meta.url), { workerData: { tickMs } });
    const [startNs] = (await once(pacer, 'message')) as [bigint];
    // Both threads have this clock, and `performance.now` counts from another instant in each.
    this.#startMs = performance.now() - Number(process.hrtime.bigint() - startNs) / 1e6;
    const cpu = process.cpuUsage();
    await this.#sendAll(pacer);
    const { user, system } = process.cpuUsage(cpu);
    await pacer.terminate();
    for (const connection of this.#idle) connection.close();
    return this.#result((user + system) / this.#sent);
  }

  async #sendAll(pacer: Worker): Promise<void> {
    const { warmUpSeconds, seconds } = this.#load;
    const total = Math.round(((warmUpSeconds + seconds) * 1000) / this.#intervalMs);
    await new Promise<void>((resolve) => {
      pacer.on('message', (tick: number) => {
        while (this.#sent < total && this.#tickOf(this.#sent) <= tick) this.#begin(this.#dueMs(this.#sent++));
        const overtimeMs = performance.now() - this.#dueMs(total);
        if (overtimeMs > 0 && (this.#answered + this.#failed === total || overtimeMs > lastAnswersMs)) resolve();
      });
    });
    this.#failed = total - this.#answered;
  }

  #tickOf(request: number): number {
    return Math.ceil(((request + 1) * this.#intervalMs) / tickMs);
  }

  #dueMs(request: number): number {
    return this.#startMs + this.#tickOf(request) * tickMs;
  }

  #begin(dueMs: number): void {
    if (this.#isCounted(dueMs)) record(this.#latenesses, performance.now() - dueMs);
    this.#send(dueMs);
  }

  #isCounted(dueMs: number): boolean {
    return dueMs >= this.#startMs + this.#load.warmUpSeconds * 1000;
  }

  #send(dueMs: number): void {
    const connection = this.#idle.pop();
    if (connection === undefined) {
      this.#overdue.push(dueMs);
      return;
    }
    connection.send(this.#request, (answer) => {
      if (this.#isCounted(dueMs)) record(this.#latencies, performance.now() - dueMs);
      this.#count(answer);
      if (answer instanceof Error) return;
      this.#idle.push(connection);
      const next = this.#overdue.shift();
      if (next !== undefined) this.#send(next);
    });
  }

  #count(answer: Answer | Error): void {
    if (answer instanceof Error || answer.status !== 200) {
      this.#failed++;
      return;
    }
    this.#answered++;
    this.#bytes += answer.bytes;
  }

  #result(cpuUsPerRequest: number): FixedRateResult {
    const at = (percentile: number) => this.#latencies.percentile(percentile) / 1000;
    return {
      requestsPerSecond: this.#latencies.count / this.#load.seconds,
      p50Ms: at(50),
      p90Ms: at(90),
      p99Ms: at(99),
      maxMs: this.#latencies.max / 1000,
      latenessP99Ms: this.#latenesses.percentile(99) / 1000,
      bytesPerAnswer: this.#answered === 0 ? 0 : this.#bytes / this.#answered,
      failed: this.#failed,
      cpuUsPerRequest,
    };
  }
}

function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: longestUs, figures: 3 });
}

function record(histogram: RecordableHistogram, milliseconds: number): void {
  histogram.record(Math.min(longestUs, Math.max(1, Math.round(milliseconds * 1000))));
}

function requestBytes({ url, headers, body }: FixedRateLoad): Buffer {
  const { host, pathname } = new URL(url);
  const content = Buffer.from(body);
  const lines = Object.entries({
    host,
    'content-type': 'application/json',
    'content-length': String(content.length),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${pathname} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), content]);
}
