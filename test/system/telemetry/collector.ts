import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A span as OTLP's JSON has it, with the name of the process that sent it. */
export interface CollectedSpan {
  service: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  name: string;
  kind: number;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
  /** 2 is an error. */
  status: number;
}

interface OtlpAttribute {
  key: string;
  value: Record<string, unknown>;
}

interface OtlpTraces {
  resourceSpans: {
    resource: { attributes: OtlpAttribute[] };
    scopeSpans: {
      spans: (Omit<CollectedSpan, 'service' | 'attributes' | 'links' | 'status'> & {
        attributes?: OtlpAttribute[];
        links?: { traceId: string; spanId: string }[];
        status?: { code?: number };
      })[];
    }[];
  }[];
}

interface OtlpMetrics {
  resourceMetrics: {
    resource: { attributes: OtlpAttribute[] };
    scopeMetrics: { metrics: { name: string }[] }[];
  }[];
}

/** Somebody else's OpenTelemetry collector: it takes OTLP as JSON over HTTP and keeps it. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  /** Names of metrics, by process. */
  readonly metrics = new Map<string, Set<string>>();
  /** Everything that came, as it came. */
  raw = '';
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      this.raw += text;
      if (request.url === '/v1/traces') this.#takeTraces(JSON.parse(text) as OtlpTraces);
      if (request.url === '/v1/metrics') this.#takeMetrics(JSON.parse(text) as OtlpMetrics);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans of a trace, once there are so many. */
  async trace(traceId: string, count: number): Promise<CollectedSpan[]> {
    const deadline = performance.now() + 10_000;
    for (;;) {
      const found = this.spans.filter((span) => span.traceId === traceId);
      if (found.length >= count) return found;
      if (performance.now() > deadline) throw new Error(`only ${found.length} spans: ${JSON.stringify(found)}`);
      await delay(50);
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #takeTraces({ resourceSpans }: OtlpTraces): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(recordOf(resource.attributes)['service.name']);
      for (const { spans } of scopeSpans)
        for (const { attributes = [], links = [], status, ...span } of spans)
          this.spans.push({ ...span, service, attributes: recordOf(attributes), links, status: status?.code ?? 0 });
    }
  }

  #takeMetrics({ resourceMetrics }: OtlpMetrics): void {
    for (const { resource, scopeMetrics } of resourceMetrics) {
      const service = String(recordOf(resource.attributes)['service.name']);
      const names = this.metrics.get(service) ?? new Set();
      this.metrics.set(service, names);
      for (const { metrics } of scopeMetrics) for (const { name } of metrics) names.add(name);
    }
  }
}

function recordOf(attributes: OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
