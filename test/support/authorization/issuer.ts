import { sendHttp } from './http.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';

/** An authorization server under test: one issuer, however many replicas it has. */
export interface Issuer {
  issuer: string;
  /** Sends a request to the issuer; consecutive ones reach different replicas. */
  send(target: string, request?: Omit<HttpRequest, 'port' | 'target'>): Promise<HttpAnswer>;
}

/** The first account of an authorization server under test. */
export const administrator = { email: 'admin@example.com', password: 'correct horse battery staple' };

/** The gateway whose endpoints the tokens are for. */
export const gatewayUrl = 'http://localhost:3000';

/** Sends to the ports in turn, with the issuer's own Host unless told otherwise. */
export function sendInTurn(issuer: string, ports: () => number[]): Issuer['send'] {
  let turn = 0;
  return (target, request = {}) => {
    const present = ports();
    const port = present[turn++ % present.length];
    if (port === undefined) throw new Error('no replica runs');
    return sendHttp({ ...request, port, target, headers: { host: new URL(issuer).host, ...request.headers } });
  };
}
