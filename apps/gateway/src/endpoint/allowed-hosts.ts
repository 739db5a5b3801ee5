import { Inject, Injectable } from '@nestjs/common';
import { publicUrlOf } from '../config.ts';
import type { GatewaySettings } from '../config.ts';
import { SETTINGS } from '../injection-tokens.ts';

const port = /:\d{1,5}$/;
const loopbackHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/**
 * The names under which the gateway may be addressed, and which web origins may speak to it: the defence against DNS
 * rebinding (MCP 2026-07-28 Streamable HTTP §Security & Endpoint).
 */
@Injectable()
export class AllowedHosts {
  readonly #hosts = new Set<string>();
  /** Allowed with any port. */
  readonly #names = new Set<string>();
  readonly #loopback: boolean;

  constructor(@Inject(SETTINGS) settings: GatewaySettings) {
    const url = new URL(publicUrlOf(settings));
    this.#hosts.add(url.host);
    if (url.port === '') this.#hosts.add(`${url.host}:${url.protocol === 'https:' ? 443 : 80}`);
    for (const host of settings.GATEWAY_ALLOWED_HOSTS)
      (port.test(host) ? this.#hosts : this.#names).add(host.toLowerCase());
    this.#loopback = isLoopbackAddress(settings.HOST);
  }

  /** @param host value of the `Host` header. */
  allowsHost(host: string): boolean {
    if (this.#loopback && loopbackHost.test(host)) return true;
    const lower = host.toLowerCase();
    return this.#hosts.has(lower) || this.#names.has(lower.replace(port, ''));
  }

  /** @param origin value of the `Origin` header; `null`, the opaque origin, is foreign. */
  allowsOrigin(origin: string): boolean {
    const host = /^https?:\/\/([^/]+)$/i.exec(origin)?.[1];
    return host !== undefined && this.allowsHost(host);
  }
}

function isLoopbackAddress(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address);
}
