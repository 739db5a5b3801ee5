import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A certificate authority of one test, and what it certifies. */
export interface PrivateCa {
  /** PEM of the authority. */
  certificate: string;
  /** A key and a certificate for these host names. */
  issue(hosts: string[]): { key: string; cert: string };
}

/** Makes an authority that nobody trusts unless told to. */
export function createPrivateCa(): PrivateCa {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name: 'Test authority', key: authority.privateKey };
  return {
    certificate: certify({ subject: issuer.name, key: authority.publicKey, issuer, isAuthority: true }),
    issue: (hosts) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const cert = certify({ subject: 'Test host', key: pair.publicKey, issuer, hosts });
      return { key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), cert };
    },
  };
}

const hourMs = 3_600_000;
/** ecdsa-with-SHA256 (RFC 5758 §3.2) */
const algorithm = der(0x30, oid('2a8648ce3d040302'));

/** A certificate as RFC 5280 §4.1 describes it, in PEM. */
function certify(options: {
  subject: string;
  key: KeyObject;
  issuer: { name: string; key: KeyObject };
  hosts?: string[];
  isAuthority?: boolean;
}): string {
  const extensions = options.isAuthority
    ? [extension('551d13', der(0x30, der(0x01, Buffer.from([0xff]))))]
    : [extension('551d11', der(0x30, ...(options.hosts ?? []).map((host) => der(0x82, Buffer.from(host)))))];
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name(options.issuer.name),
    der(0x30, time(Date.now() - hourMs), time(Date.now() + 24 * hourMs)),
    name(options.subject),
    options.key.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, ...extensions)),
  );
  const signature = sign('sha256', body, options.issuer.key);
  const certificate = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function extension(id: string, value: Buffer): Buffer {
  return der(0x30, oid(id), der(0x04, value));
}

function name(commonName: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from(commonName)))));
}

function time(atMs: number): Buffer {
  const text = new Date(atMs).toISOString().replace(/\.\d+|[-:T]/g, '');
  return der(0x18, Buffer.from(text));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

/** Tag, length and value (X.690 §8.1). */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...header]), value]);
}
