/** So many statements are prepared on each connection at most: a program has few, unless it builds them from what it is asked. */
const mostPrepared = 500;

const names = new Map<string, string>();

/**
 * The parameters of pg's `query`, as a prepared statement where it has parameters of its own: PostgreSQL then parses and
 * plans a text once on each connection, which costs it more than to run most of them.
 */
export function asPrepared(parameters: unknown[]): unknown[] {
  const [text, values, ...more] = parameters;
  if (typeof text !== 'string' || !Array.isArray(values) || values.length === 0) return parameters;
  const name = nameOf(text);
  return name === undefined ? parameters : [{ name, text, values: values as unknown[] }, ...more];
}

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= mostPrepared) return known;
  const name = `s${names.size}`;
  names.set(text, name);
  return name;
}
