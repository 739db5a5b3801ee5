/** A line that contains the query. */
export interface LineMatch {
  /** 1-based. */
  line: number;
  /** The line, cut around the match when it is long. */
  text: string;
}

const maxTextLength = 300;
/** Of a longer line only this much is kept between two chunks. */
const maxCarryLength = 64 * 1024;

/** Finds the lines of a text, given in chunks of UTF-8, that contain a literal query. */
export class LineMatcher {
  readonly #query: string;
  readonly #caseSensitive: boolean;
  readonly #decoder = new TextDecoder('utf-8');
  #carry = '';
  #line = 1;
  #matchedLine = 0;

  constructor(query: string, caseSensitive: boolean) {
    this.#query = caseSensitive ? query : query.toLowerCase();
    this.#caseSensitive = caseSensitive;
  }

  add(chunk: Uint8Array): LineMatch[] {
    const text = this.#carry + this.#decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf('\n') + 1;
    this.#carry = text.slice(end);
    const matches = this.#matchLines(text.slice(0, end));
    if (this.#carry.length <= maxCarryLength) return matches;
    matches.push(...this.#matchLines(this.#carry));
    this.#carry = this.#carry.slice(-this.#query.length);
    return matches;
  }

  end(): LineMatch[] {
    return this.#matchLines(this.#carry + this.#decoder.decode());
  }

  #matchLines(text: string): LineMatch[] {
    const matches: LineMatch[] = [];
    const searched = this.#caseSensitive ? text : text.toLowerCase();
    const isHit = searched.includes(this.#query);
    let start = 0;
    for (let end = text.indexOf('\n'); ; end = text.indexOf('\n', start)) {
      if (isHit) this.#matchLine(text.slice(start, end === -1 ? text.length : end), matches);
      if (end === -1) return matches;
      this.#line++;
      start = end + 1;
    }
  }

  #matchLine(line: string, matches: LineMatch[]): void {
    const at = (this.#caseSensitive ? line : line.toLowerCase()).indexOf(this.#query);
    // A long line comes in several pieces, and counts once.
    if (at === -1 || this.#matchedLine === this.#line) return;
    this.#matchedLine = this.#line;
    matches.push({ line: this.#line, text: excerpt(line.replace(/\r$/, ''), at) });
  }
}

function excerpt(line: string, at: number): string {
  if (line.length <= maxTextLength) return line;
  const start = Math.max(0, Math.min(at - maxTextLength / 3, line.length - maxTextLength));
  const end = start + maxTextLength;
  return `${start > 0 ? '...' : ''}${line.slice(start, end)}${end < line.length ? '...' : ''}`;
}
