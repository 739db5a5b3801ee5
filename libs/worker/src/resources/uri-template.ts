/** A compiled URI template: RFC 6570 level 1 (`{var}`) and the reserved expansion of level 2 (`{+var}`). */
export interface UriTemplate {
  template: string;
  /** Names of the variables, in order. */
  variables: string[];
  /** The literal text before the first variable. */
  prefix: string;
  /** The decoded variables of a URI, or undefined when the URI is not one of this template. */
  match(this: void, uri: string): Record<string, string> | undefined;
}

interface Variable {
  name: string;
  /** `{+name}`: the value may hold reserved characters, and may be empty. */
  reserved: boolean;
}

/** `literals[i]` stands before `variables[i]`, the last literal at the end. */
interface Parts {
  literals: string[];
  variables: Variable[];
}

// RFC 6570 §3.2.2: simple expansion escapes everything that is reserved.
const simpleValue = /^[^/?#:@!$&'()*+,;=[\]]+$/;

/**
 * Compiles a URI template. A simple variable never holds a reserved character such as `/`; a reserved one (`{+path}`)
 * may, and may be empty.
 * @throws Error with a part of a sentence when the template uses anything else of RFC 6570 or would be ambiguous
 */
export function compileUriTemplate(template: string): UriTemplate {
  const parts = parse(template);
  return {
    template,
    variables: parts.variables.map(({ name }) => name),
    prefix: parts.literals[0] ?? '',
    match: (uri) => decode(parts.variables, split(parts, uri)),
  };
}

function parse(template: string): Parts {
  const pieces = template.split(/\{([^{}]*)\}/);
  const literals = pieces.filter((_piece, index) => index % 2 === 0);
  const variables = pieces.filter((_piece, index) => index % 2 === 1).map(parseVariable);
  if (literals.some((literal) => /[{}]/.test(literal))) throw new Error('its braces are not balanced');
  if (variables.length === 0) throw new Error('it has no variable; declare it with @Resource');
  const touching = variables.find((_variable, index) => index > 0 && literals[index] === '');
  if (touching) throw new Error(`the variable ${touching.name} needs literal text before it`);
  const names = variables.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`the variable ${twice} appears twice`);
  if (variables.filter(({ reserved }) => reserved).length > 1) {
    throw new Error('at most one variable may be of the form {+name}');
  }
  return { literals, variables };
}

function parseVariable(expression: string): Variable {
  const match = /^(\+?)(\w+)$/.exec(expression);
  if (!match) throw new Error(`{${expression}} is not a variable of the form {name} or {+name}`);
  return { name: match[2] ?? '', reserved: match[1] === '+' };
}

/**
 * Cuts a URI at the literals in linear time: from the left up to the reserved variable (or the last one), from the right
 * down to it. A regular expression with several variables would try every way to cut.
 */
function split({ literals, variables }: Parts, uri: string): string[] | undefined {
  const last = variables.length - 1;
  const reserved = variables.findIndex((variable) => variable.reserved);
  const rest = reserved === -1 ? last : reserved;
  const literal = (index: number) => literals[index] ?? '';
  if (!uri.startsWith(literal(0)) || !uri.endsWith(literal(last + 1))) return undefined;
  const values: string[] = [];
  let start = literal(0).length;
  for (let index = 0; index < rest; index++) {
    const next = uri.indexOf(literal(index + 1), start + 1);
    if (next === -1) return undefined;
    values[index] = uri.slice(start, next);
    start = next + literal(index + 1).length;
  }
  let end = uri.length - literal(last + 1).length;
  for (let index = last; index > rest; index--) {
    const previous = uri.lastIndexOf(literal(index), end - 1 - literal(index).length);
    if (previous < start) return undefined;
    values[index] = uri.slice(previous + literal(index).length, end);
    end = previous;
  }
  if (end < start) return undefined;
  values[rest] = uri.slice(start, end);
  return values;
}

function decode(variables: Variable[], values: string[] | undefined): Record<string, string> | undefined {
  if (!values || variables.some(({ reserved }, index) => !reserved && !simpleValue.test(values[index] ?? ''))) {
    return undefined;
  }
  try {
    return Object.fromEntries(variables.map(({ name }, index) => [name, decodeURIComponent(values[index] ?? '')]));
  } catch {
    return undefined; // a malformed percent-encoding belongs to no URI of the template
  }
}
