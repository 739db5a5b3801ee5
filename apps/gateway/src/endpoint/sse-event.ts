const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;

/** What stands before and after the JSON text of one event. */
export const eventStart = Buffer.from('event: message\ndata: ');
export const eventEnd = Buffer.from('\n\n');

/** One SSE event with a whole message. */
export function frameEvent(message: Uint8Array): Buffer {
  return Buffer.concat([eventStart, onOneLine(message), eventEnd]);
}

/**
 * A line break would end the event. Within JSON it can only be white space between two tokens, never a part of a text, so
 * a space says the same; that works on parts of a message too.
 */
export function onOneLine(json: Uint8Array): Uint8Array {
  if (!json.includes(lineFeed) && !json.includes(carriageReturn)) return json;
  return json.map((byte) => (byte === lineFeed || byte === carriageReturn ? space : byte));
}
