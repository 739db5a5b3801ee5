/** The whole characters among bytes of a UTF-8 text; undefined when they are no text. */
export function decodeText(read: Buffer, offset: number, size: number): { bytes: Buffer; offset: number } | undefined {
  if (read.includes(0)) return undefined;
  // An offset within a character: the text begins with the next one.
  const start = offset > 0 ? leadingContinuations(read) : 0;
  const end = offset + read.length < size ? read.length - incompleteTail(read) : read.length;
  const bytes = read.subarray(start, Math.max(start, end));
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
  return { bytes, offset: offset + start };
}

function leadingContinuations(bytes: Buffer): number {
  let count = 0;
  while (count < 3 && isContinuation(bytes[count])) count++;
  return count;
}

function incompleteTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte < 0xc0;
}

/** The beginning of a UTF-8 text that is at most `maxBytes` long as a JSON string, quotes aside; whole characters. */
export function cutEncoded(text: Buffer, maxBytes: number): Buffer {
  let encoded = 0;
  for (let end = 0; end < text.length; end++) {
    encoded += encodedLength(text[end] ?? 0);
    if (encoded <= maxBytes) continue;
    while (end > 0 && isContinuation(text[end])) end--;
    return text.subarray(0, end);
  }
  return text;
}

/** RFC 8259 §7: which characters of a string are escaped; `JSON.stringify` has a short form for some. */
function encodedLength(byte: number): number {
  if (byte === 0x22 || byte === 0x5c) return 2;
  if (byte >= 0x20) return 1;
  return (byte >= 0x08 && byte <= 0x0a) || byte === 0x0c || byte === 0x0d ? 2 : 6;
}
