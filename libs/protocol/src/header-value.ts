import { isUtf8 } from 'node:buffer';

const sentinelPrefix = '=?base64?';
const sentinelSuffix = '?=';
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Decodes a header value that mirrors a part of the body (MCP 2026-07-28 Streamable HTTP §Value Encoding): plain
 * ASCII, or base64 of UTF-8 between `=?base64?` and `?=`. Undefined when the value contains invalid characters.
 */
export function decodeHeaderValue(value: string): string | undefined {
  const isEncoded =
    value.length >= sentinelPrefix.length + sentinelSuffix.length &&
    value.startsWith(sentinelPrefix) &&
    value.endsWith(sentinelSuffix);
  if (!isEncoded) return isPlain(value) ? value : undefined;
  const encoded = value.slice(sentinelPrefix.length, -sentinelSuffix.length);
  if (!base64.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  return isUtf8(bytes) ? bytes.toString() : undefined;
}

/** RFC 9110 §5.5 as the MCP page narrows it: visible ASCII, space and tab. */
function isPlain(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code > 0x7e || (code < 0x20 && code !== 0x09)) return false;
  }
  return true;
}
