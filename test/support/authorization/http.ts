import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

/** One HTTP request as a test sends it; unlike `fetch` it may carry any Host header and any target. */
export interface HttpRequest {
  port: number;
  method?: string;
  /** Request target. */
  target: string;
  headers?: Record<string, string | string[]>;
  body?: string;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Sends a request to a port of this machine on a connection of its own. */
export function sendHttp({ port, method = 'GET', target, headers = {}, body }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path: target, headers: { ...length, ...headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** The JSON body of an answer. */
export function jsonOf(answer: HttpAnswer): unknown {
  return JSON.parse(answer.text);
}
