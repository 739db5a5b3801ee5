import type { ClientRequest } from 'node:http';
import { sendRequest } from './tool-call.ts';
import type { Caller } from './tool-call.ts';

/** One JSON-RPC message of a stream, as far as the suite reads it. */
interface StreamMessage {
  method?: string;
  params?: { uri?: string };
  result?: { resultType?: string };
}

/** An open `subscriptions/listen` stream (MCP 2026-07-28 Subscriptions). */
export class ListenStream {
  /** Methods of the notifications so far, the acknowledgement first, or of those since `forget`. */
  readonly heard: string[] = [];
  /** Settles when the gateway has acknowledged the subscription. */
  readonly acknowledged: Promise<void>;
  /** Resolves when the stream is over: with its final result, or cut. */
  readonly ended: Promise<'result' | 'cut'>;
  isOpen = true;
  #request!: ClientRequest;
  #rest = '';
  #hasResult = false;

  constructor(caller: Caller, notifications: Record<string, unknown>) {
    let end!: (how: 'result' | 'cut') => void;
    this.ended = new Promise((resolve) => {
      end = (how) => {
        this.isOpen = false;
        resolve(how);
      };
    });
    this.acknowledged = new Promise((resolve, reject) => {
      const close = () => {
        end(this.#hasResult ? 'result' : 'cut');
        reject(new Error('a stream ended before it was acknowledged'));
      };
      const request = { method: 'subscriptions/listen', params: { notifications } };
      this.#request = sendRequest(caller, request, (response) => {
        response.on('data', (chunk: Buffer) => {
          this.#read(chunk.toString());
          if (this.heard.length > 0) resolve();
        });
        response.on('error', () => {});
        response.on('close', close);
      });
      this.#request.on('error', close);
    });
    this.acknowledged.catch(() => {});
  }

  /** Waits until a notification has come this many times; false when it has not in time. */
  async hears(method: string, times: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.count(method) < times) {
      if (performance.now() > deadline) return false;
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    return true;
  }

  count(method: string): number {
    return this.heard.filter((heard) => heard === method).length;
  }

  /** Forgets what was heard so far. */
  forget(): void {
    this.heard.length = 0;
  }

  close(): void {
    this.#request.destroy();
  }

  #read(text: string): void {
    const events = (this.#rest + text).split('\n\n');
    this.#rest = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data === undefined) continue;
      const { method, result } = JSON.parse(data) as StreamMessage;
      if (result?.resultType === 'complete') this.#hasResult = true;
      else if (method !== undefined) this.heard.push(method);
    }
  }
}
