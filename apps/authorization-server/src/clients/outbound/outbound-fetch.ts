import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { connect } from 'node:tls';
import { checkedAddresses } from './checked-addresses.ts';
import type { CheckedAddress } from './checked-addresses.ts';
import { openTunnel } from './egress-tunnel.ts';
import type { OutboundException } from './outbound-exceptions.ts';
import { OutboundRefusal } from './outbound-refusal.ts';
import { outboundTarget } from './outbound-target.ts';
import type { OutboundTarget } from './outbound-target.ts';

/** From the first look at a name to the last byte. */
const deadlineMs = 3_000;
/** So many fetches at once; what comes on top is refused, not queued. */
const mostAtOnce = 32;
const maxHeaderBytes = 8 * 1_024;

/** What may be fetched from a URL. */
interface Wanted {
  maxBytes: number;
  /** The `Accept` header. */
  accept: string;
  /** What `Content-Type` must match. */
  mediaType: RegExp;
}

/** RFC 6839 §3.1: what ends in +json is JSON too. */
const json = { accept: 'application/json', mediaType: /^application\/([\w.-]+\+)?json\s*(;|$)/i };

/** Something as it was fetched. */
export interface Fetched {
  body: Buffer;
  cacheControl: string | undefined;
}

/** A document as it was fetched. */
export interface FetchedJson {
  value: unknown;
  /** As text. */
  body: string;
  cacheControl: string | undefined;
}

/**
 * Fetches what a stranger names the URL of. The name is resolved first, every address is checked, and the
 * connection is made to a checked address: none is ever opened to another one. Redirects are not followed. With an
 * egress proxy that proxy is the only destination, and names are checked in place of addresses.
 */
export class OutboundFetch {
  readonly #exceptions: OutboundException[];
  readonly #proxy: URL | undefined;
  #running = 0;

  constructor(options: { exceptions: OutboundException[]; proxy?: string | undefined }) {
    this.#exceptions = options.exceptions;
    this.#proxy = options.proxy === undefined ? undefined : new URL(options.proxy);
  }

  /** @throws OutboundRefusal */
  async getJson(url: string, limits: { maxBytes: number }): Promise<FetchedJson> {
    const { body, cacheControl } = await this.get(url, { ...json, ...limits });
    const text = body.toString('utf8');
    return { value: parse(text), body: text, cacheControl };
  }

  /** @throws OutboundRefusal */
  async get(url: string, wanted: Wanted): Promise<Fetched> {
    const target = outboundTarget(url, this.#exceptions);
    if (this.#running >= mostAtOnce) throw new OutboundRefusal('busy');
    this.#running++;
    const signal = AbortSignal.timeout(deadlineMs);
    try {
      const answer = await send(target, { way: await this.#way(target, signal), accept: wanted.accept, signal });
      return await read(answer, wanted);
    } catch (error) {
      if (signal.aborted) throw new OutboundRefusal('timeout', { cause: error });
      throw error;
    } finally {
      this.#running--;
    }
  }

  /** How the connection is made: through the proxy, or to the addresses that were checked. */
  async #way(target: OutboundTarget, signal: AbortSignal): Promise<Way> {
    if (!this.#proxy) {
      const addresses = await checkedAddresses(target, signal);
      // An address literal is connected to as it stands, without a lookup; it was checked all the same.
      return { lookup: pinned(addresses), agent: false };
    }
    const socket = await openTunnel(this.#proxy, target, signal);
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    return { createConnection: () => connect({ socket, ...tlsOptions(target) }) };
  }
}

/** An agent would make a connection of its own in place of the tunnel. */
type Way =
  | { lookup: LookupFunction; agent: false }
  | { createConnection: () => ReturnType<typeof connect>; agent?: undefined };

/** Answers the question for the host's addresses with those that were checked, whatever a name server says by now. */
function pinned(addresses: CheckedAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    // Later, as every look-up answers: an address without a route fails at once, and nobody would listen for that yet.
    process.nextTick(() => {
      if (options.all) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
}

function tlsOptions({ host, exception }: OutboundTarget) {
  return {
    // Said, because an environment variable can turn it off.
    rejectUnauthorized: true,
    // RFC 6066 §3: no address literals.
    ...(/^[\d.]+$|:/.test(host) ? { host } : { servername: host }),
    ...(exception?.ca === undefined ? {} : { ca: exception.ca }),
  };
}

function send(
  target: OutboundTarget,
  { way, accept, signal }: { way: Way; accept: string; signal: AbortSignal },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...tlsOptions(target),
      ...way,
      host: target.host,
      port: target.port,
      path: target.path,
      method: 'GET',
      headers: { accept, 'accept-encoding': 'identity', 'user-agent': 'Gatehouse' },
      maxHeaderSize: maxHeaderBytes,
      signal,
    });
    sent.once('response', resolve);
    sent.once('error', (cause) => reject(new OutboundRefusal('unreachable', { cause })));
    sent.end();
  });
}

async function read(answer: IncomingMessage, wanted: Wanted): Promise<Fetched> {
  try {
    checkHead(answer, wanted);
    return { body: await readBody(answer, wanted.maxBytes), cacheControl: answer.headers['cache-control'] };
  } finally {
    answer.destroy();
  }
}

function checkHead({ statusCode = 0, headers }: IncomingMessage, { mediaType, maxBytes }: Wanted): void {
  if (statusCode >= 300 && statusCode < 400) throw new OutboundRefusal('redirect');
  if (statusCode !== 200) {
    throw new OutboundRefusal('status', { isPassing: statusCode >= 500 || statusCode === 429 });
  }
  if (!mediaType.test(headers['content-type'] ?? '')) throw new OutboundRefusal('media_type');
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new OutboundRefusal('content_encoding');
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw new OutboundRefusal('too_large');
}

async function readBody(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (received > maxBytes) throw new OutboundRefusal('too_large');
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof OutboundRefusal ? cause : new OutboundRefusal('unreachable', { cause });
  }
  return Buffer.concat(chunks);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new OutboundRefusal('media_type', { cause });
  }
}
